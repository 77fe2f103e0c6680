"""The rules of the resources that a mapping can write, and of the profiles they are held to."""

from typing import Any

from fhircase.fhir.invariants.values import UCUM, Test, choice, coded, has, ordered, strings
from fhircase.fhir.jsontext import Json

_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_TASK_CODE = "http://hl7.org/fhir/CodeSystem/task-code"
_IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
_FULL_DATE = len("2026-01-01")


def _leads_to(reference: Any, *kinds: str) -> bool | None:
    """Whether a Reference leads to one of these types, where it says to which it leads."""
    if not isinstance(reference, dict):
        return None
    address = str(reference.get("reference", "")).split("/")
    kind = reference.get("type") or (address[-2] if len(address) > 1 else None)
    return None if kind is None else kind in kinds


def _condition_over(node: Json, _: Json) -> bool:
    over = ("inactive", "resolved", "remission")
    return not choice(node, "abatement") or coded(node.get("clinicalStatus"), _CLINICAL, *over)


def _condition_in_error(node: Json, _: Json) -> bool:
    in_error = coded(node.get("verificationStatus"), _VERIFICATION, "entered-in-error")
    return not in_error or not has(node, "clinicalStatus")


def _contained_is_used(node: Json, root: Json) -> bool:
    inside = [each for each in node.get("contained", ()) if isinstance(each, dict)]
    if not inside:
        return True
    refers = {text for text in strings(root) if text.startswith("#")}
    ours = {id_ for each in inside if "#" in set(strings(each)) and (id_ := each.get("id"))}
    return all(f"#{each.get('id')}" in refers or each.get("id") in ours for each in inside)


def _no_home(node: Json, *names: str) -> bool:
    return not any(isinstance(each, dict) and each.get("use") == "home" for name in names for each in _list(node, name))


def _list(node: Json, name: str) -> list[Any]:
    found = node.get(name)
    return found if isinstance(found, list) else [found] if isinstance(found, dict) else []


def _same_code(node: Json, _: Json) -> bool:
    own = [(str(each.get("system")), str(each.get("code"))) for each in _list(node.get("code") or {}, "coding")]
    parts = [part.get("code") for part in _list(node, "component")]
    return not choice(node, "value") or not any(coded(part, *code) for part in parts for code in own)


def _has_value(node: Json, _: Json) -> bool:
    return has(node, "component", "hasMember", "dataAbsentReason") or bool(choice(node, "value"))


def _to_the_day(node: Json, _: Json) -> bool:
    moment = node.get("effectiveDateTime")
    return not isinstance(moment, str) or len(moment) >= _FULL_DATE


def _distinct_answers(node: Json, _: Json) -> bool:
    answered = [item for item in _list(node, "item") if any(choice(each, "value") for each in _list(item, "answer"))]
    names = [item.get("linkId") for item in answered]
    return len(names) == len(set(names))


def _contained_has(node: Json, *names: str) -> bool:
    return any(has(each.get("meta") or {}, *names) for each in _list(node, "contained"))


def _performed(node: Json, _: Json) -> bool:
    return node.get("status") not in ("completed", "in-progress") or bool(choice(node, "performed"))


RESOURCES: dict[str, Test] = {
    "dom-2": lambda node, _: not any(has(each, "contained") for each in _list(node, "contained")),
    "dom-3": _contained_is_used,
    "dom-4": lambda node, _: not _contained_has(node, "versionId", "lastUpdated"),
    "dom-5": lambda node, _: not _contained_has(node, "security"),
    "cpl-3": lambda node, _: not (has(node, "detail") and has(node, "reference")),
    "ctm-1": lambda node, _: not has(node, "onBehalfOf") or _leads_to(node.get("member"), "Practitioner") is not False,
    "con-1": lambda node, _: has(node, "summary", "assessment"),
    "con-2": lambda node, _: has(node, "code", "detail"),
    "con-3": _condition_over,
    "con-4": _condition_over,
    "con-5": _condition_in_error,
    "ppc-1": lambda node, _: has(node, "policy", "policyRule"),
    "enc-1": lambda node, _: has(node, "actor", "type"),
    "enc-2": lambda node, _: not (_leads_to(node.get("actor"), "Patient", "Group") and has(node, "type")),
    "gol-1": lambda node, _: not choice(node, "detail") or has(node, "measure"),
    "obs-3": lambda node, _: has(node, "low", "high", "text"),
    "obs-6": lambda node, _: not (has(node, "dataAbsentReason") and choice(node, "value")),
    "obs-7": _same_code,
    "obs-8": lambda node, _: not (has(node, "bodySite") and has(node, "bodyStructure")),
    "org-1": lambda node, _: has(node, "name", "identifier"),
    "org-2": lambda node, _: node.get("use") != "home",
    "org-3": lambda node, _: node.get("use") != "home" and _no_home(node, "telecom"),
    "org-4": lambda node, _: _no_home(node, "address"),
    "pat-1": lambda node, _: has(node, "name", "telecom", "address", "organization"),
    "prc-1": lambda node, _: (
        not (has(node, "onBehalfOf") and _leads_to(node.get("actor"), "Practitioner", "PractitionerRole"))
    ),
    "prov-1": lambda node, _: not has(node, "who") or node.get("who") != node.get("onBehalfOf"),
    "prr-1": lambda node, _: not has(node, "orderDetail") or has(node, "code"),
    "bdystr-1": lambda node, _: not (has(node, "bodySite") and has(node, "bodyStructure")),
    "qrs-1": lambda node, _: not (has(node, "answer") and has(node, "item")),
    "qrs-2": _distinct_answers,
    "inv-1": lambda node, _: ordered(node.get("authoredOn"), node.get("lastModified")),
    "tsk-1": lambda node, _: (
        not has(node, "restriction") or (coded(node.get("code"), _TASK_CODE, "fulfill") and has(node, "focus"))
    ),
    "us-core-1": _to_the_day,
    "us-core-2": _has_value,
    "us-core-3": lambda node, _: (node.get("valueQuantity") or {}).get("system") in (None, UCUM),
    "us-core-6 DocumentReference.content.attachment": lambda node, _: has(node, "url", "data"),
    "us-core-6 Patient.name": lambda node, _: has(node, "family", "given", "extension"),
    "us-core-7": _performed,
    "us-core-13": lambda node, _: has(node, "practitioner", "organization", "healthcareService", "location"),
    "us-core-14": lambda node, _: has(node, "name", "relationship"),
    "us-core-15": lambda node, _: (
        has(node, "subscriberId")
        or any(coded(each.get("type"), _IDENTIFIER_TYPE, "MB") for each in _list(node, "identifier"))
    ),
    "us-core-26": lambda node, _: has(node, "dataAbsentReason") or bool(choice(node, "value")),
    "provenance-1": lambda node, _: not _leads_to(node.get("who"), "Practitioner", "Device") or has(node, "onBehalfOf"),
    "pd-1": lambda node, _: has(node, "telecom", "endpoint"),
    "vs-1": _to_the_day,
    "vs-2": _has_value,
    "vs-3": lambda node, _: has(node, "dataAbsentReason") or bool(choice(node, "value")),
}
"""The test of each rule, by its key; by key and path where guides use one key for several."""

UNCHECKED = {
    **dict.fromkeys(
        ("ppc-2", "ppc-3", "ppc-4", "ppc-5"), "its code system is a placeholder in FHIR itself, so it never fails"
    ),
    **dict.fromkeys(("obs-9", "prov-2", "prov-3"), "needs what other resources say"),
    **dict.fromkeys(("txt-1", "txt-2"), "a judgement of HTML; our own narratives are made of few elements"),
    **dict.fromkeys(("av-1", "dos-1", "ratrng-1", "ratrng-2", "sdd-1"), "of a data type that no mapping writes"),
    **dict.fromkeys(
        ("us-core-16", "us-core-17", "us-core-18", "us-core-19", "us-core-22", "us-core-23", "us-core-24"),
        "of people, organizations and measurements, which no mapping writes",
    ),
    "sdcqr-2": "R5's qrs-2 checks the same",
}
"""Rules that are not checked, each with the reason."""
