"""Records that are new to us, and all that belongs to them; what cannot be read is told, or waits for a row."""

from collections.abc import Iterable, Mapping, Sequence

from fhircase.errors import Problem, ResourceRefused
from fhircase.exchange.links import key_of
from fhircase.exchange.people import PATIENT, reference_of
from fhircase.exchange.references import Json, targets, token
from fhircase.fhir.lenient import objects_at
from fhircase.ledger import RecordKey, State
from fhircase.model import record_type
from fhircase.worker import unread
from fhircase.worker.absorb import base_of, of_rows, take
from fhircase.worker.fetch import Found, fetch, seen
from fhircase.worker.forgotten import Forgotten
from fhircase.worker.news import News
from fhircase.worker.note import Run, note
from fhircase.worker.report import Standing
from fhircase.worker.station import Station
from fhircase.worker.whole import PIECES, readings, whole


def fresh(run: Run, news: News) -> None:
    """Read what is addressed to us: all that belongs to it comes along."""
    station = run.station
    seeds = {reference: seen(resource) for reference, resource in news.fresh.items()}
    if not seeds:
        return
    near = {reference: seen(resource) for reference, resource in news.along.items()}
    every = whole(station, seeds, near)
    by_id = {id(found.resource): found for found in every.values()}
    every_reading = readings(station, every.values())
    lacking = {reference_of(refused.resource) for refused in every_reading.refused}
    forgotten = Forgotten(station.ledger)
    for reading in every_reading.readings:
        if forgotten.has(reading.record):
            continue
        parts = [by_id[id(resource)] for resource in reading.resources]
        if record_type(reading.record) in PIECES and any(lacking & targets(part.resource) for part in parts):
            continue  # It is a part of what cannot be read yet, not a record of its own.
        if seeds.keys() & {part.reference for part in parts}:
            new(run, key_of(reading.record), parts)
    for refused in every_reading.refused:
        if not unreadable(run, by_id[id(refused.resource)], every.values(), refused.problems):
            run.unread |= _around(refused.resource, seeds)
    read = {reference_of(resource) for reading in every_reading.readings for resource in reading.resources}
    _strangers(run, {reference: seed for reference, seed in seeds.items() if reference not in read | lacking})
    _patients(station, every.values(), near)


def new(run: Run, key: RecordKey, parts: Sequence[Found]) -> None:
    """Read a record around some resources, on top of what is known of it."""
    station = run.station
    rows = station.ledger.resources(station.server, [key]).get(key, ())
    have = {**of_rows(rows), **{part.reference: part for part in parts}}
    try:
        with station.ledger.unit():
            note(run, key, take(station, key, have.values(), base_of(station, key, rows)))
            anchors = [RecordKey(unread.RESOURCE, station.to.url, part.reference) for part in parts]
            station.ledger.drop_unread(station.server, anchors)
    except ResourceRefused as error:
        if unread.keep(station, key, list(have.values()), error.problems):
            return
        run.unread |= {part.reference for part in parts}
        run.refused.append(Standing(key, str(State.REFUSED), "unreadable", str(error.problems[0]), error.problems))


def unreadable(run: Run, anchor: Found, found: Iterable[Found], problems: tuple[Problem, ...]) -> bool:
    """Note that no record can be read around a resource; False if it is to be fetched again next time."""
    key = RecordKey(unread.RESOURCE, run.station.to.url, anchor.reference)
    if unread.keep(run.station, key, unread.around(anchor, found), problems):
        return True
    run.refused.append(Standing(key, str(State.REFUSED), "unreadable", str(problems[0]), problems))
    run.unread.add(anchor.reference)
    return False


def _around(resource: Json, seeds: dict[str, Found]) -> set[str]:
    """The seeds that led to a resource."""
    reference = reference_of(resource)
    return {seed for seed, found in seeds.items() if reference in targets(found.resource)}


def _strangers(run: Run, rest: Mapping[str, Found]) -> None:
    """Link or leave what no mapping reads, as the settings say; either way it is told."""
    station = run.station
    for reference, found in rest.items():
        key, what = RecordKey(unread.RESOURCE, station.to.url, reference), "left: no mapping reads it"
        if station.to.unknown == "link":
            what = "linked: records that name it by its identifier refer to it"
            for identifier in objects_at(found.resource, "identifier"):
                if named := token(identifier):
                    name = f"{found.resource['resourceType']} {named}"
                    station.ledger.link(station.server, name, reference, now=station.now())
        run.remarks.append(Standing(key, "remark", "unknown", what))


def _patients(station: Station, found: Iterable[Found], near: Mapping[str, Found]) -> None:
    """Read the clients along, and remember who is who on this server."""
    named = {reference for each in found for reference in targets(each.resource) if reference.startswith(f"{PATIENT}/")}
    unknown = named - station.ledger.named(station.server, named).keys()
    forgotten = Forgotten(station.ledger)
    here = {reference: near[reference] for reference in unknown & near.keys()}
    for each in (here | fetch(station, unknown - here.keys())[0]).values():
        tokens = [token(identifier) for identifier in objects_at(each.resource, "identifier")]
        if any(map(forgotten.knows, tokens)):
            continue
        for name in [each.reference, *filter(None, tokens)]:
            station.ledger.link(station.server, f"{PATIENT} {name}", each.reference, now=station.now())
