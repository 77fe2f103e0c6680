"""What FHIR requires and no field says: a constant each, and a question."""

from collections.abc import Iterator, Mapping
from typing import Any

from fhircase.fhir.definitions import bindings, codes
from fhircase.fhir.elements import Element, elements
from fhircase.mapping.kinds import kinds
from fhircase.mapping.models.described import Described
from fhircase.mapping.scaffold.draft import NEEDED, Rule
from fhircase.mapping.scaffold.homes import VERSIONS, segments

_PREFERRED = ("unknown", "active", "current", "in-progress", "completed")
_INTENTS: Mapping[str, str] = {"CarePlan": "plan", "Task": "order", "ServiceRequest": "order"}


def required(role: str, kind: str, rules: Mapping[str, Rule], model: Described) -> Iterator[tuple[str, Rule]]:
    """A rule for each element that a resource needs and these rules do not fill, or not always; by its name."""
    missing: dict[str, dict[str, Element]] = {}
    open_: dict[str, list[str]] = {}
    for version in VERSIONS:
        for element in (each for each in elements(version).below(kind) if each.low):
            name = element.path.rpartition(".")[2]
            by = [field for field, rule in rules.items() if name in _filled(role, rule.spec, version)]
            if not by:
                missing.setdefault(name, {})[version] = element
            elif not element.primitive and all(field in model.fields and _may_be_empty(model, field) for field in by):
                open_.setdefault(name, []).append(version)
    for name, by_version in missing.items():
        yield name, _constant(role, kind, name, by_version)
    for name, versions in open_.items():
        none = {version: "none" for version in VERSIONS if version not in versions}
        yield f"{name}-unknown", Rule({"needed": f"{role}.{name}", **none}, NEEDED, f"FHIR requires {kind}.{name}")


def _may_be_empty(model: Described, field: str) -> bool:
    attribute = model.fields[field]
    return not attribute.required or attribute.nullable or attribute.many or bool(attribute.objects)


def _constant(role: str, kind: str, name: str, needed: Mapping[str, Element]) -> Rule:
    values = {version: _value(element, version, kind) for version, element in needed.items()}
    first = next(iter(values.values()))
    spec: dict[str, Any] = {"constant": f"{role}.{name}", "value": first}
    if len(values) < len(VERSIONS):
        spec[next(version for version in VERSIONS if version not in values)] = "none"
    elif values["R5"] != first:
        spec["R5"] = {"value": values["R5"]}
    coded = next(iter(needed.values())).type == "code"
    ask = f"no field says {kind}.{name}: " + (f"is it always `{first}`?" if coded else "it is written as unknown")
    return Rule(spec, NEEDED, f"FHIR requires {kind}.{name}", [ask])


def _value(element: Element, version: str, kind: str) -> str:
    if element.type != "code":
        return "unknown"
    if element.path.endswith(".intent") and kind in _INTENTS:
        return _INTENTS[kind]
    listed = codes(bindings(version).get(element.path, ""), version) or {}
    known = frozenset[str]().union(*listed.values())
    return next((code for code in (*_PREFERRED, *sorted(known)) if code in known or not known), "unknown")


def _filled(role: str, spec: Mapping[str, Any], version: str) -> Iterator[str]:
    """The elements of a resource that a rule names in a version."""
    override = spec.get(version)
    if override == "none":
        return
    words = {word: value for word, value in spec.items() if word not in VERSIONS}
    if isinstance(override, Mapping):
        words = {**({} if next(iter(override)) in kinds() else words), **override}
    elif override is not None:
        words[next(iter(words))] = override
    for value in words.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str) and each.startswith(f"{role}."):
                yield segments(each)[1].partition("[")[0]
            elif isinstance(each, Mapping):
                for inner in each.values():
                    if isinstance(inner, Rule):
                        yield from _filled(role, inner.spec, version)
