"""Clients whose records a server has merged: who is the survivor, and references that follow.

Source: https://hl7.org/fhir/R4/patient.html#Link
"""

from collections.abc import Iterable, Mapping
from typing import Any

from fhircase.exchange.people import PATIENT, reference_of
from fhircase.exchange.references import Json, token
from fhircase.fhir.lenient import object_at, objects_at, text_at


def merged(patients: Iterable[Json]) -> dict[str, str]:
    """The surviving patient of each that was merged, as either of the two says."""
    pairs: dict[str, str] = {}
    for patient in patients:
        if patient.get("resourceType") != PATIENT or "id" not in patient:
            continue
        for link in objects_at(patient, "link"):
            other, how = text_at(object_at(link, "other"), "reference"), text_at(link, "type")
            other = other.partition("/_history/")[0]
            if other.startswith(f"{PATIENT}/") and how in ("replaced-by", "replaces"):
                old, new = (reference_of(patient), other) if how == "replaced-by" else (other, reference_of(patient))
                pairs[old] = new
    return pairs


def survivors(pairs: Mapping[str, str]) -> dict[str, str]:
    """The last survivor of each, where one merge followed another; patients that replace each other stay themselves."""
    last: dict[str, str] = {}
    for old in pairs:
        seen, at = {old}, pairs[old]
        while at in pairs and at not in seen:
            seen.add(at)
            at = pairs[at]
        if at not in seen:
            last[old] = at
    return last


def inherited(patients: Iterable[Json], last: Mapping[str, str]) -> dict[str, set[str]]:
    """The survivors by the identifiers of those that were merged into them."""
    found: dict[str, set[str]] = {}
    for patient in patients:
        if to := last.get(reference_of(patient)):
            for identifier in objects_at(patient, "identifier"):
                found.setdefault(token(identifier), set()).add(to)
    return found


def followed(value: Any, last: Mapping[str, str]) -> Any:
    """The same JSON with each reference to a merged patient leading to the survivor."""
    if isinstance(value, list):
        return [followed(inner, last) for inner in value]
    if not isinstance(value, dict):
        return value
    inner = {name: followed(part, last) for name, part in value.items()}
    to = last.get(value["reference"]) if isinstance(value.get("reference"), str) else None
    return {**inner, "reference": to} if to else inner
