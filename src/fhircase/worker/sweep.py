"""Everything of ours on a server, whether the ledger knows it or not: found by our identifiers, a page at a time."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from fhircase.errors import Problem
from fhircase.exchange.links import OWNERS, key_of, meant
from fhircase.exchange.people import PATIENT, criteria, reference_of
from fhircase.exchange.pull import linked_roles
from fhircase.exchange.references import Json
from fhircase.fhir.lenient import object_at, objects_at
from fhircase.ledger import RecordKey
from fhircase.mapping.compiled import all_compiled
from fhircase.model import Record
from fhircase.worker.fetch import AT_ONCE, PAGE, Found, seen
from fhircase.worker.station import Station
from fhircase.worker.whole import readings, whole


@dataclass(frozen=True, slots=True)
class Anchor:
    """A resource that has the identifier of one of our records."""

    key: RecordKey
    found: Found = field(repr=False)
    leads: bool = True
    """Whether the record may be read around it; parts of some records bear the same name."""

    @property
    def type(self) -> str:
        """The type of the resource."""
        return str(self.found.resource["resourceType"])


@dataclass(frozen=True, slots=True)
class Swept:
    """A record of ours as a server has it, or why it cannot be read."""

    key: RecordKey
    record: Record | None = field(repr=False)
    parts: tuple[Found, ...] = field(repr=False)
    roles: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def swept(station: Station, namespaces: Collection[str]) -> Iterator[Swept]:
    """Read every record that a server has under our identifiers; the ledger is not needed for it.

    A record that the server has twice comes twice, or once with the parts of both.

    Args:
        station: where.
        namespaces: what our identifiers start with.

    Raises:
        ServerError: the server could not be asked.
    """
    known: dict[RecordKey, str] = {}
    for page in anchors(station, namespaces):
        leading = []
        for anchor in page:
            part = owners(anchor.key) & known.keys() or known.get(anchor.key, anchor.type) != anchor.type
            if anchor.leads and not part:
                known[anchor.key] = anchor.type
                leading.append(anchor)
        if leading:
            yield from read_around(station, leading)


def anchors(station: Station, namespaces: Collection[str]) -> Iterator[list[Anchor]]:
    """Find what has an identifier of one of our records, some at a time; a record may come on several pages.

    Raises:
        ServerError: the server could not be asked.
    """
    page: list[Anchor] = []
    for kind, type_ in _anchoring(station):
        for namespace in sorted(namespaces):
            asked = {"identifier": criteria([f"{namespace}/{kind}|"])} | PAGE
            for resource in station.client.search(type_, asked) if station.can.can_find(type_) else ():
                if (value := name_of(resource, f"{namespace}/{kind}")) and resource["resourceType"] == type_:
                    key = RecordKey(kind, namespace, value)
                    page.append(Anchor(key, seen(resource), _leads(station, kind, resource)))
                if len(page) >= AT_ONCE:
                    yield page
                    page = []
    if page:
        yield page


def owners(key: RecordKey) -> set[RecordKey]:
    """The records whose item this may be, if it is no record of its own. Theirs are found before it."""
    return set(meant(key)) - {key}


def _anchoring(station: Station) -> Iterable[tuple[str, str]]:
    """The types of resources that may have the identifier of a kind of record."""
    version, overlays = station.to.fhir, station.to.overlays
    pairs = (
        (mapping.kind, type_)
        for mapping in all_compiled(version, overlays)
        for role, type_ in mapping.types.items()
        if role not in linked_roles(mapping.kind, version, overlays) and type_ != PATIENT
    )
    return sorted(dict.fromkeys(pairs), key=lambda pair: pair[0] in OWNERS)


def _leads(station: Station, kind: str, resource: Json) -> bool:
    mappings = all_compiled(station.to.fhir, station.to.overlays)
    return any(mapping.kind == kind and mapping.anchor(resource) for mapping in mappings)


def name_of(resource: Json, system: str) -> str:
    """The value of the identifier that makes a resource a record of its own, or a part that bears its name."""
    if "id" not in resource:
        return ""
    one = object_at(resource, "identifier")
    for identifier in [one] if one else objects_at(resource, "identifier"):
        if identifier.get("system") == system and isinstance(identifier.get("value"), str):
            return str(identifier["value"])
    return ""


def read_around(station: Station, page: Sequence[Anchor]) -> Iterator[Swept]:
    """Read the records around these resources; nothing that is not one of them.

    Raises:
        ServerError: the server could not be asked.
    """
    wanted = {anchor.found.reference: anchor for anchor in page}
    every = whole(station, {reference: anchor.found for reference, anchor in wanted.items()})
    by_id = {id(found.resource): found for found in every.values()}
    every_reading = readings(station, every.values())
    keys = {anchor.key for anchor in page}
    for reading in every_reading.readings:
        key = key_of(reading.record)
        if key in keys:
            parts = tuple(by_id[id(resource)] for resource in reading.resources)
            yield Swept(key, reading.record, parts, tuple(reading.roles))
    for refused in every_reading.refused:
        reference = reference_of(refused.resource)
        if reference in wanted:
            yield Swept(wanted[reference].key, None, (wanted[reference].found,), (), tuple(refused.problems))
