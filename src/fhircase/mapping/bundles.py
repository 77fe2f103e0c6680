"""Many resources to all the records among them: `from_bundle`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

from fhircase.errors import Problem, ResourceRefused
from fhircase.fhir.jsontext import Json
from fhircase.mapping.compiled import Mapping
from fhircase.mapping.index import Index
from fhircase.mapping.reading import Reading, in_force, read


@dataclass(frozen=True, slots=True)
class Refused:
    """A resource that cannot be read as the record it would be, and every reason."""

    resource: Any
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Readings:
    """What was found in a Bundle."""

    readings: tuple[Reading, ...]
    refused: tuple[Refused, ...]
    unclaimed: tuple[Json, ...]
    """Resources that are part of no record: people, organisations, and what no mapping knows."""


def from_bundle(
    bundle_or_resources: Json | Sequence[Json],
    fhir: str = "R4",
    overlays: Sequence[str] = (),
    server: str = "",
    *,
    mapping: str | PathLike[str] | None = None,
) -> Readings:
    """Read every record in a Bundle or a list of resources (Bundles within included).

    A resource that one record uses is not read again as a record of its own; cases are read first, then plans,
    referrals, work items, needs, goals and consents. One bad record does not stop the others.

    Args:
        bundle_or_resources: a Bundle of any type, or resources.
        fhir: R4, R4B or R5.
        overlays: names or paths of overlays, in order.
        server: base URL, for absolute references and for keys of records that have no identifier of ours.
        mapping: a mapping file, for records of your own; without it the shipped mappings read ours.
    """
    given = bundle_or_resources if isinstance(bundle_or_resources, list | tuple) else [bundle_or_resources]
    found: list[tuple[str, Any]] = [entry for each in given for entry in _entries("", each)]
    fine = [(url, r) for url, r in found if isinstance(r, dict) and isinstance(r.get("resourceType"), str)]
    refused = [
        Refused(r, (Problem("not a FHIR resource: `resourceType` is missing", rule="recognition"),))
        for _, r in found
        if not (isinstance(r, dict) and isinstance(r.get("resourceType"), str))
    ]
    return _readings(fine, refused, in_force(fhir, overlays, mapping), server)


def _entries(url: str, node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict) and node.get("resourceType") == "Bundle":
        for entry in node.get("entry") or ():
            if isinstance(entry, dict) and entry.get("resource") is not None:
                yield from _entries(str(entry.get("fullUrl", "")), entry["resource"])
    else:
        yield url, node


def _readings(
    found: list[tuple[str, Json]], refused: list[Refused], mappings: Sequence[Mapping], server: str
) -> Readings:
    index = Index(found, server)
    resources = [resource for _, resource in found]
    used: set[int] = set()
    readings: list[Reading] = []
    for mapping in mappings:
        for resource in _anchors(mapping, resources):
            if id(resource) in used:
                continue
            try:
                reading = read(mapping, resources, resource, index, {}, server)
            except ResourceRefused as error:
                refused.append(Refused(resource, error.problems))
                used.add(id(resource))
                continue
            readings.append(reading)
            used.update(id(part) for part in reading.resources)
    unclaimed = tuple(resource for resource in resources if id(resource) not in used)
    return Readings(tuple(readings), tuple(refused), unclaimed)


def _anchors(mapping: Mapping, resources: Sequence[Json]) -> Iterator[Json]:
    """The resources that anchor a record, those of the first role first."""
    for role in mapping.anchors:
        for resource in resources:
            if mapping.anchor(resource) == role:
                yield resource
