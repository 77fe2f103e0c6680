"""What a server holds of a record, read, merged into what we have, and kept with the news of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fhircase.errors import Problem, ResourceRefused
from fhircase.exchange.changes import changed
from fhircase.exchange.equality import same
from fhircase.exchange.links import key_of, model_key
from fhircase.exchange.merge import Merged, merge
from fhircase.exchange.people import reference_of
from fhircase.exchange.policies import passed_over
from fhircase.exchange.pull import arranged, change_id, linked_roles, next_references
from fhircase.exchange.references import Json, targets
from fhircase.fhir import jsontext
from fhircase.ledger import Change, Local, RecordKey, Resource
from fhircase.mapping import Reading, from_fhir
from fhircase.model import Key, Record
from fhircase.worker.conflicts import Sides, dispute, look
from fhircase.worker.fetch import Found, fetch
from fhircase.worker.forgotten import Forgotten
from fhircase.worker.log import say
from fhircase.worker.station import Station
from fhircase.worker.survivors import as_followed, known_merges
from fhircase.worker.texts import record_of, text_of

DEPTH = 4
"""How many references deep a record's parts may lie."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a record when the server's state was read."""

    record: Record
    fields: tuple[str, ...]
    """Paths at which the record is news to the local system."""
    conflicts: tuple[str, ...]
    """Paths at which both sides have changed it to different things; they are kept as such."""
    settled: bool
    """Whether the server holds all of the record as it is now."""
    revision: int
    """Which revision in the ledger that is."""
    change: Change | None = None
    remarks: tuple[Problem, ...] = ()
    overruled: tuple[Problem, ...] = ()
    """Changes that a policy did not let come to be."""


def agreed(rows: Iterable[Resource]) -> list[Json]:
    """The JSON last agreed, of each row that has some."""
    return [jsontext.decode(row.agreed) for row in rows if row.agreed is not None]


def gather(
    station: Station, kind: str, have: Mapping[str, Found], near: Mapping[str, Found] | None = None
) -> tuple[dict[str, Found], set[str]]:
    """Complete a record's resources by what they refer to; the second value names what is gone.

    What is `near` has come along already and is not fetched.

    Raises:
        ServerError: the server could not be asked.
    """
    every, gone = as_followed(station, have), set[str]()
    for _ in range(DEPTH):
        named = next_references(
            kind, station.to.fhir, station.to.overlays, (found.resource for found in every.values())
        )
        missing = named - every.keys() - gone - known_merges(station).keys()
        if not missing:
            break
        at_hand = {reference: near[reference] for reference in missing if reference in near} if near else {}
        more, lost = fetch(station, missing - at_hand.keys())
        every.update(as_followed(station, {**at_hand, **more}))
        gone |= lost
    return every, gone


def read(station: Station, kind: str, resources: Sequence[Json], key: RecordKey | None = None) -> Reading:
    """Read a record from its resources.

    Raises:
        ResourceRefused: it cannot be read, or not safely.
    """
    return from_fhir(
        resources, station.to.fhir, kind, _known(station, resources, key), station.to.overlays, station.to.url
    )


def _known(station: Station, resources: Iterable[Json], key: RecordKey | None) -> dict[str, Key]:
    """Which of our records the references mean, for those that say no identifier."""
    named = {reference for resource in resources for reference in targets(resource)}
    meant = station.ledger.meant(station.server, named | set(map(_reference, resources)))
    own = [(reference, held) for reference, several in meant.items() for held in several]
    # A resource of several records means this one, if it is one of them.
    return {reference: model_key(held) for reference, held in sorted(own, key=lambda each: each[1] == key)}


def _reference(resource: Json) -> str:
    return reference_of(resource) if "id" in resource else ""


def take(
    station: Station, key: RecordKey, found: Iterable[Found], base: Record | None, *, pristine: bool = False
) -> Taken:
    """Merge what the server holds into a record, and keep it, what was agreed and the news, all or nothing.

    Args:
        station: where.
        key: which record; it may be unknown so far.
        found: all its resources as they are on the server now.
        base: what the server was last known to hold; None if nothing was.
        pristine: nobody changed anything there since it was made, so all of it is what was last agreed.

    Raises:
        ResourceRefused: the resources cannot be read as this record; nothing was kept.
    """
    with station.ledger.unit():
        return _merged_in(station, key, {id(each.resource): each for each in found}, base, pristine=pristine)


def _merged_in(
    station: Station, key: RecordKey, by_id: Mapping[int, Found], base: Record | None, *, pristine: bool
) -> Taken:
    known = station.ledger.records([key]).get(key)
    have = station.ledger.resources(station.server, [key]).get(key, ())
    before = record_of(known.current) if known else None
    resources = _arranged(before, have, [each.resource for each in by_id.values()])
    reading = _as(station, key, resources)
    if before is None and Forgotten(station.ledger).has(reading.record):
        raise ResourceRefused(Problem("of a client who was forgotten", hint="`fhircase forget --allow` takes it in"))
    rows = [
        row(station, key, role, by_id[id(resource)])
        for resource, role in zip(reading.resources, reading.roles, strict=True)
    ]
    agreed_on = reading.record if pristine else base
    policies = station.policies(key.kind)
    alike, merged = before is None or same(before, reading.record), Merged(reading.record)
    if before is not None and not alike:
        merged = merge(before, agreed_on, reading.record, agreed_on, policies=policies)
    if before and (merged.conflicts or station.ledger.conflicts(station.server, [key])):
        moved = _moved(have, rows)
        # What the local system said where there is a dispute is newer than what stands in the record there.
        told = look(station, key, reading.record, moved)
        if new := [path for path in merged.conflicts if path not in told]:
            dispute(station, key, new, Sides.of(before, reading.record, agreed_on), moved)
    fields = ("*",) if before is None else () if alike else changed(before, merged.record)
    text = text_of(merged.record)
    # What it was told first is what the local system will have made its first changes to.
    revision = station.ledger.keep(key, text, now=station.now(), local=None if known else Local(text, ""))
    _replace(station, have, rows)
    return Taken(
        merged.record,
        fields,
        merged.conflicts,
        same(merged.record, reading.record),
        revision,
        _announced(station, key, resources, text, revision, fields) if fields else None,
        reading.remarks,
        tuple(passed_over(merged.overruled, policies)),
    )


def _as(station: Station, key: RecordKey, resources: Sequence[Json]) -> Reading:
    """Read resources as this record."""
    reading = read(station, key.kind, resources, key)
    if key_of(reading.record) != key:
        what = "on the server it is another record now: its identifier was changed there"
        raise ResourceRefused(Problem(what, resources[0]["resourceType"] + ".identifier"))
    return reading


def _announced(
    station: Station, key: RecordKey, resources: Iterable[Json], text: bytes, revision: int, fields: tuple[str, ...]
) -> Change:
    id_ = change_id(station.server, key, resources, text, revision)
    change = Change(id_, key, revision, station.now(), station.server, fields, text=text)
    if station.ledger.announce(change):
        say("news", server=station.server, record=key, change=id_, fields=fields)
    return change


def _moved(have: Iterable[Resource], rows: Iterable[Resource]) -> list[Json]:
    """The record's own resources that are not as they were agreed to be."""
    agreed_on = {each.reference: each.agreed for each in have}
    changed = (each for each in rows if not each.linked and each.agreed != agreed_on.get(each.reference))
    return [jsontext.decode(each.agreed) for each in changed if each.agreed is not None]


def _arranged(record: Record | None, rows: Iterable[Resource], resources: Iterable[Json]) -> list[Json]:
    return arranged(record, {row.reference: row.role for row in rows}, resources)


def row(station: Station, key: RecordKey, role: str, found: Found) -> Resource:
    """What is agreed about one part of a record."""
    return Resource(
        station.server,
        key,
        role,
        found.reference,
        found.etag,
        jsontext.encode(found.resource),
        station.mapping,
        linked=role.partition(":")[0] in linked_roles(key.kind, station.to.fhir, station.to.overlays),
    )


def _replace(station: Station, have: Iterable[Resource], rows: Sequence[Resource]) -> None:
    roles = {each.role for each in rows}
    for old in have:
        if old.role not in roles:
            station.ledger.drop_resource(station.server, old.key, old.role)
    station.ledger.keep_resources(rows, now=station.now())


def base_of(station: Station, key: RecordKey, rows: Sequence[Resource]) -> Record | None:
    """What was last agreed, as a record; None where nothing was, or it cannot be read any more."""
    known = station.ledger.records([key]).get(key)
    have = station.ledger.resources(station.server, [key]).get(key, ())
    resources = _arranged(record_of(known.current) if known else None, have, agreed(rows))
    if not resources:
        return None
    try:
        reading = read(station, key.kind, resources, key)
    except ResourceRefused:
        return None
    record: Record = reading.record
    return record if key_of(record) == key else None


def of_rows(rows: Iterable[Resource]) -> dict[str, Found]:
    """What was agreed, as if it had just been found."""
    return {row.reference: Found(jsontext.decode(row.agreed), row.etag) for row in rows if row.agreed is not None}
