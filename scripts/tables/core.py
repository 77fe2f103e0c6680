"""The tables of a FHIR version: elements, choices, targets of references, bindings and constraints."""

from collections.abc import Iterator

from packages import Package

RESOURCES = [
    *("CarePlan", "CareTeam", "Claim", "ClaimResponse", "Communication", "Condition", "Consent", "Coverage"),
    *("DocumentReference", "Encounter", "EpisodeOfCare", "Goal", "Observation", "Organization", "Patient"),
    *("Practitioner", "PractitionerRole", "Procedure", "Provenance", "QuestionnaireResponse", "RelatedPerson"),
    *("ServiceRequest", "Task"),
]
_ALL = "DomainResource"
# What no mapping writes: definitions of other things.
_UNUSED = frozenset({"ElementDefinition", "DataRequirement", "TriggerDefinition", "Expression", "ParameterDefinition"})
_CODED = frozenset({"code", "Coding", "CodeableConcept", "CodeableReference", "Quantity", "string", "uri"})


def tables(package: Package) -> dict[str, list[str]]:
    """The rows of each table of a core package, by the table's name."""
    known = {body["id"]: body for body in package.definitions.values() if _defines(body)}
    types = [name for name, body in known.items() if body["kind"] == "complex-type" and not body["abstract"]]
    types += [name for name in ("Element", "BackboneElement") if name not in types and name in known]
    found: dict[str, list[str]] = {"": [], "choices": [], "targets": [], "bindings": [], "constraints": []}
    found["constraints"] += constraints(known[_ALL]["snapshot"]["element"][0], _ALL) if _ALL in known else []
    for name in sorted({*types, *(name for name in RESOURCES if name in known)}):
        for element in known[name]["snapshot"]["element"]:
            if "." in element["path"] and element["max"] != "0":
                found[""] += elements(element)
                if name not in _UNUSED:
                    found["choices"] += [f"{element['path']}\t{element['min']}"] * element["path"].endswith("[x]")
                    found["targets"] += _targets(element)
                    found["bindings"] += _bindings(element)
            if name not in _UNUSED:
                found["constraints"] += constraints(element, element["path"])
    return found


def _defines(body: dict) -> bool:
    return body.get("derivation") != "constraint" and "snapshot" in body


def elements(element: dict) -> list[str]:
    """Path, min, max and type; a choice is a row for each of its types."""
    path, low, high = element["path"], element["min"], element["max"]
    if path.endswith("[x]"):
        return [f"{name}\t0\t{high}\t{kind}" for name, kind in _chosen(element)]
    return [f"{path}\t{low}\t{high}\t{_kinds(element)[0].replace('String', 'string')}"]


def _kinds(element: dict) -> list[str]:
    if reference := element.get("contentReference"):
        return [reference[reference.index("#") :]]
    codes = [each["code"] for each in element.get("type", [])]
    return [code.rsplit(".", 1)[-1] if "fhirpath" in code else code for code in codes]


def _chosen(element: dict) -> Iterator[tuple[str, str]]:
    for kind in _kinds(element):
        yield f"{element['path'][:-3]}{kind[0].upper()}{kind[1:]}", kind


def _targets(element: dict) -> Iterator[str]:
    for each in element.get("type", []):
        kinds = sorted({url.rpartition("/")[2] for url in each.get("targetProfile", [])})
        if each["code"] in ("Reference", "CodeableReference") and kinds and "Resource" not in kinds:
            path = element["path"]
            path = f"{path[:-3]}{each['code']}" if path.endswith("[x]") else path
            yield f"{path}\t{' '.join(kinds)}"


def _bindings(element: dict) -> Iterator[str]:
    if not (bound := required(element)):
        return
    if not element["path"].endswith("[x]"):
        yield f"{element['path']}\t{bound}"
        return
    for name, kind in _chosen(element):
        if kind in _CODED:
            yield f"{name}\t{bound}"


def required(element: dict) -> str:
    """The value set that an element is bound to and may not leave; empty where there is none."""
    binding = element.get("binding", {})
    return binding.get("valueSet", "").partition("|")[0] if binding.get("strength") == "required" else ""


def constraints(element: dict, path: str, known: frozenset[str] = frozenset()) -> Iterator[str]:
    """Key, path, and what it says in words and as FHIRPath; not what holds of the element's type anyway."""
    for each in element.get("constraint", []):
        made = each.get("source", "").rpartition("/")[2]
        inherited = made[:1].isupper() and made not in (path, path.partition(".")[0])
        if each["severity"] == "error" and not inherited and each["key"] not in known | _OF_EVERYTHING:
            words, expression = (" ".join(each.get(name, "").split()) for name in ("human", "expression"))
            yield f"{each['key']}\t{path}\t{words}\t{expression}"


_OF_EVERYTHING = frozenset({"ele-1", "ext-1"})
