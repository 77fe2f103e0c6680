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
    found: list[tuple[str, Any]] = [entry for each in given for entry in entries("", each)]
    refused = [(refusal(resource), url, resource) for url, resource in found]
    index = Index([(url, resource) for broken, url, resource in refused if broken is None], server)
    read = ReadEach(index, in_force(fhir, overlays, mapping), server)
    made = list(read)
    return Readings(
        tuple(each for each in made if isinstance(each, Reading)),
        tuple(each for each in (*(broken for broken, _, _ in refused), *made) if isinstance(each, Refused)),
        tuple(read.unclaimed()),
    )


def refusal(resource: Any) -> Refused | None:
    """Why something cannot be a resource at all, if so."""
    if isinstance(resource, dict) and resource.get("resourceType") == "Bundle":
        return Refused(resource, (Problem("a list was expected", "Bundle.entry", "recognition"),))
    if isinstance(resource, dict) and isinstance(resource.get("resourceType"), str):
        return None
    return Refused(resource, (Problem("not a FHIR resource: `resourceType` is missing", rule="recognition"),))


def entries(url: str, node: Any) -> Iterator[tuple[str, Any]]:
    """A resource, or each in a Bundle and in the Bundles within, with its full URL; a Bundle that is none, as it is."""
    inside = (node.get("entry") or []) if isinstance(node, dict) and node.get("resourceType") == "Bundle" else None
    if isinstance(inside, list):
        for entry in inside:
            if isinstance(entry, dict) and entry.get("resource") is not None:
                yield from entries(str(entry.get("fullUrl", "")), entry["resource"])
    else:
        yield url, node


class ReadEach:
    """Every record among the resources of an index, read one by one in the order of `from_bundle`.

    An index that loads resources lets go of them when the next record is asked for: what is wanted of a reading's
    report has to be taken before.
    """

    def __init__(self, index: Index, mappings: Sequence[Mapping], server: str, *, report: bool = False) -> None:
        self._report = report
        """Whether the reports of the readings will be asked for."""
        self._index = index
        self._mappings = mappings
        self._server = server
        # A byte for each resource: there may be millions of them.
        self._used = bytearray(index.count)

    def __iter__(self) -> Iterator[Reading | Refused]:
        """The readings, and what is refused, each resource once."""
        for mapping in self._mappings:
            for role in mapping.anchors:
                for place in self._index.places_of(mapping.types[role]):
                    if self._used[place]:
                        continue
                    resource = self._index.at(place)
                    if mapping.anchor(resource) == role:
                        self._used[place] = True
                        yield self._read(mapping, resource)
                    self._index.forget()

    def _read(self, mapping: Mapping, resource: Json) -> Reading | Refused:
        try:
            reading = read(mapping, [resource], resource, self._index, {}, self._server, report=self._report)
        except ResourceRefused as error:
            return Refused(resource, error.problems)
        for part in reading.resources:
            place = self._index.place(part)
            if place is not None:
                self._used[place] = True
        return reading

    def unclaimed(self) -> Iterator[Json]:
        """The resources that are part of no record, once all records were read."""
        for place, used in enumerate(self._used):
            if not used:
                yield self._index.at(place)
                self._index.forget()
