"""References between records made into references on one server, and what cannot be left as identifiers.

A reference to a resource that is not there yet says `urn:uuid:<temporary id>`. In a transaction that makes the
resource it may stay so; else it becomes the server's own, or, unknown there, only the identifier stays.
Source: https://hl7.org/fhir/R4/references.html#logical, https://hl7.org/fhir/R4/bundle.html#references
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhircase.fhir import jsontext
from fhircase.mapping.kinds.link import record_key

Json = dict[str, Any]
URN = "urn:uuid:"
TYPE_OF = {
    "case": "EpisodeOfCare",
    "care-plan": "CarePlan",
    "referral": "ServiceRequest",
    "need": "Condition",
    "goal": "Goal",
    "consent": "Consent",
    "work-item": "Task",
    "team": "CareTeam",
    "outcome": "Procedure",
}
"""What a link to a record means where its place does not say."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a server's references for our names are."""

    temporary: Mapping[str, str] = field(default_factory=dict)
    """By temporary id: `urn:uuid:...` of this transaction, or the server's reference."""
    identified: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By type and `system|value`."""


def token(identifier: Any) -> str:
    """An identifier as `system|value`; empty if it is not whole."""
    if not isinstance(identifier, dict):
        return ""
    system, value = identifier.get("system"), identifier.get("value")
    return f"{system}|{value}" if isinstance(system, str) and isinstance(value, str) else ""


def nodes(value: Any) -> list[Json]:
    """Every Reference in a resource: what says where it leads, or only whom it means."""
    # Each resource is walked several times, and this way of walking is the fastest.
    found: list[Json] = []
    todo = [value]
    for each in todo:
        inside = each
        if isinstance(each, dict):
            if isinstance(each.get("reference"), str) or _logical(each):
                found.append(each)
            inside = each.values()
        elif not isinstance(each, list):
            continue
        todo += [inner for inner in inside if inner.__class__ is dict or inner.__class__ is list]
    return found


def _logical(node: Json) -> bool:
    """Whether it is a Reference by identifier; identifiers themselves stand in lists, and this one does not."""
    return (
        "identifier" in node
        and isinstance(node["identifier"], dict)
        and "resourceType" not in node
        and node.keys() <= {"identifier", "type", "display", "id", "extension", "_type", "_display"}
    )


def targets(resource: Json) -> set[str]:
    """The server references that a resource names, without their versions."""
    found = {
        str(node["reference"]).partition("/_history/")[0]
        for node in nodes(resource)
        if isinstance(node.get("reference"), str)
    }
    return {reference for reference in found if not reference.startswith(("#", URN))}


def resolve(resource: Json, known: Known, before: Json | None = None) -> Json:
    """Make a resource's references those of one server.

    A reference by identifier that was there before and means none of ours is somebody else's, and stays.
    """
    theirs = {jsontext.encode(node) for node in nodes(before)} if before is not None else frozenset()
    return _resolved(resource, known, theirs)  # type: ignore[no-any-return]


def _resolved(value: Any, known: Known, theirs: Collection[bytes]) -> Any:
    """The value, or a copy of what has to be otherwise in it."""
    now = value
    for at, each in value.items() if isinstance(value, dict) else enumerate(value):
        if each.__class__ is dict or each.__class__ is list:
            inner = _resolved(each, known, theirs)
            if inner is not each:
                now = now.copy() if now is value else now
                now[at] = inner
    return _referring(value, now, known, theirs) if isinstance(value, dict) else now


def _referring(node: Json, now: Json, known: Known, theirs: Collection[bytes]) -> Json:
    reference = node.get("reference")
    if isinstance(reference, str):
        return _replaced(now, known) if reference.startswith(URN) else now
    if not _logical(node) or (jsontext.encode(node) in theirs and not record_key(node["identifier"])):
        return now
    found = _identified(node, known)
    return {"reference": found, **now} if found else now


def _replaced(node: Json, known: Known) -> Json:
    found = known.temporary.get(node["reference"].removeprefix(URN)) or _identified(node, known)
    rest = {name: value for name, value in node.items() if name != "reference"}
    return {"reference": found, **rest} if found else rest


def _identified(node: Json, known: Known) -> str | None:
    named = token(node.get("identifier"))
    if not named:
        return None
    key = record_key(node["identifier"])
    kind = node.get("type") or (TYPE_OF[key["kind"]] if key else "")
    return known.identified.get((str(kind), named))
