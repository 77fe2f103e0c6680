"""Pull: what others changed, read into our records; our own writes are not news."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from fhircase.errors import ConfigError, Problem, ResourceRefused, ServerError
from fhircase.exchange.links import key_of
from fhircase.exchange.merge import apart
from fhircase.exchange.people import PATIENT, reference_of
from fhircase.exchange.pull import part_types
from fhircase.exchange.references import Json, targets, token
from fhircase.fhir.lenient import objects_at
from fhircase.ledger import Change, Delivery, RecordKey, Resource, State, Verdict
from fhircase.mapping import Readings, from_bundle
from fhircase.mapping.compiled import all_compiled
from fhircase.model import Record, record_type
from fhircase.worker import unread
from fhircase.worker.absorb import Taken, base_of, gather, of_rows, take
from fhircase.worker.fetch import AT_ONCE, Found, fetch, seen
from fhircase.worker.intake import disputed, in_dispute, local_base, together
from fhircase.worker.news import News, ask, keep_positions
from fhircase.worker.report import PullReport, Standing, standing
from fhircase.worker.station import LEASE, Progress, Station, silent
from fhircase.worker.texts import record_of

TOLD = "pull told"
"""The cursor that says how much of the feed earlier pulls have returned."""

PIECES = ("work-item", "outcome")
"""Records that a part of another one is read as, where that one is not there."""


@dataclass(slots=True)
class _Run:
    """One pull as it goes on."""

    station: Station
    refused: list[Standing] = field(default_factory=list)
    remarks: list[Standing] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)


def pull(station: Station, progress: Progress = silent) -> PullReport:
    """Read what changed on the server into the records.

    A server that cannot be reached ends the pull, and `stopped` says why; the next one asks the same again.
    """
    before, run, news = station.counter.requests, _Run(station), News()
    stopped = ""
    try:
        _waiting(run)
        news = ask(station, progress)
        _stale(run, news, progress)
        _fresh(run, news)
        keep_positions(station, news, run.unread)
    except (ServerError, ConfigError) as error:
        stopped = str(error)
    conflicts = standing(station.ledger.in_state(State.CONFLICT, server=station.server))
    return PullReport(
        station.server,
        len(news.changed),
        news.echoes,
        station.counter.requests - before,
        _untold(station),
        tuple(run.refused),
        conflicts,
        stopped,
        tuple(run.remarks),
        unread.standings(station),
        tuple(news.unasked),
    )


def _untold(station: Station) -> tuple[tuple[Change, Record], ...]:
    """The news since the last pull, found by pulling or, when somebody wrote in between, while pushing."""
    ledger, server = station.ledger, station.server
    changes = ledger.changes(int(ledger.cursor(server, TOLD) or 0))
    if not changes:
        return ()
    ours: dict[RecordKey, Change] = {}
    for change in changes:
        if change.source == server:
            # A record is told once, as it is now, with all that changed in it.
            before = ours.pop(change.key, change)
            ours[change.key] = replace(change, fields=tuple(dict.fromkeys((*before.fields, *change.fields))))
    records = ledger.records(ours)
    told = tuple((change, record_of(records[change.key].current)) for change in ours.values())
    ledger.move_cursor(server, TOLD, str(changes[-1].position), now=station.now())
    return told


# -- records we know ----------------------------------------------------------------------------------


def _stale(run: _Run, news: News, progress: Progress) -> None:
    station = run.station
    keys = sorted(news.stale)
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        rows = station.ledger.resources(station.server, some)
        wanted = {row.reference for several in rows.values() for row in several}
        wanted |= {reference for key in some for reference in news.stale[key]}
        found, gone = fetch(station, wanted)
        for key in some:
            mine = dict.fromkeys([*(row.reference for row in rows.get(key, ())), *sorted(news.stale[key])])
            _one(run, key, {ref: found[ref] for ref in mine if ref in found}, mine.keys() & gone)
        progress("read", min(start + AT_ONCE, len(keys)), len(keys))


def _one(run: _Run, key: RecordKey, have: dict[str, Found], gone: set[str]) -> None:
    """Read one record anew; what is wrong with it stays its own."""
    station = run.station
    rows = station.ledger.resources(station.server, [key]).get(key, ())
    ours = {row.reference for row in rows}
    every, lost = gather(station, key.kind, have)
    lost = (lost | gone) & ours
    if lost:
        station.ledger.drop_unread(station.server, [key])
        _refuse(run, key, "deleted", _deleted(lost))
        return
    if not _read(run, key, every.values(), rows):
        run.unread |= set(have)


def _read(run: _Run, key: RecordKey, found: Collection[Found], rows: Iterable[Resource]) -> bool:
    """Read a record of ours from all its resources; False if it is to be fetched again next time."""
    station = run.station
    try:
        taken = take(station, key, found, base_of(station, key, tuple(rows)))
    except ResourceRefused as error:
        if not unread.keep(station, key, found, error.problems):
            _refuse(run, key, "unreadable", error.problems)
            return False
        if not in_dispute(station.ledger.deliveries(station.server, [key]).get(key)):
            station.ledger.park(station.server, key, unread.hold(error.problems), now=station.now())
        return True
    _note(run, key, taken)
    return True


def _note(run: _Run, key: RecordKey, taken: Taken) -> None:
    station, now = run.station, run.station.now()
    ledger, server = station.ledger, station.server
    delivery = ledger.deliveries(server, [key]).get(key)
    ledger.drop_unread(server, [key])
    if unread.waits(delivery):
        ledger.release(server, [key], now=now)
    if undecided := together(taken.conflicts, _undecided(station, delivery, taken)):
        ledger.park(server, key, disputed(undecided), now=now)
    elif taken.settled:
        ledger.pulled(server, [key], now=now)
        if unread.waits(delivery):
            _agree(station, key)
    else:
        ledger.wish(server, [key], now=now)
    if taken.remarks:
        run.remarks.append(Standing(key, "remark", "remarks", "noticed while reading", taken.remarks))


def _agree(station: Station, key: RecordKey) -> None:
    """Say that the server holds all of a record that was released: there is nothing to send."""
    ledger, now = station.ledger, station.now()
    for claim in ledger.claim(station.server, owner=station.owner, limit=1, lease=LEASE, now=now, only=[key]):
        ledger.settle(claim, Verdict.accepted(), now=now)


def _undecided(station: Station, delivery: Delivery | None, taken: Taken) -> tuple[str, ...]:
    """What is in dispute still: news decides nothing, but both sides may say the same now."""
    before = in_dispute(delivery)
    if not before or delivery is None:
        return ()
    known = station.ledger.records([delivery.key]).get(delivery.key)
    ours = local_base(known) if known else None
    return apart(before, ours, taken.record) if ours else before


def _refuse(run: _Run, key: RecordKey, code: str, problems: tuple[Problem, ...]) -> None:
    station = run.station
    reason = str(problems[0])
    verdict = Verdict.refused(reason, code=code, problems=problems)
    station.ledger.park(station.server, key, verdict, now=station.now())
    run.refused.append(Standing(key, str(State.REFUSED), code, reason, problems))


def _deleted(references: Iterable[str]) -> tuple[Problem, ...]:
    hint = "restore it on the server, or give the record a new key"
    return tuple(
        Problem(f"{reference} was deleted on the server", rule="never recreated silently", hint=hint)
        for reference in sorted(references)
    )


# -- what waited for a row ----------------------------------------------------------------------------


def _waiting(run: _Run) -> None:
    """Read again what waits for a row, now that the mapping has changed, from what is kept of it."""
    station = run.station
    for key, found in unread.changed(station):
        if station.ledger.records([key]):
            _read(run, key, found, station.ledger.resources(station.server, [key]).get(key, ()))
            continue
        readings = _readings(station, found)
        by_id = {id(each.resource): each for each in found}
        station.ledger.drop_unread(station.server, [key])
        for reading in readings.readings:
            _new(run, key_of(reading.record), [by_id[id(resource)] for resource in reading.resources])
        for refused in readings.refused:
            _unreadable(run, Found(refused.resource), found, refused.problems)


def _unreadable(run: _Run, anchor: Found, found: Iterable[Found], problems: tuple[Problem, ...]) -> bool:
    """Note that no record can be read around a resource; False if it is to be fetched again next time."""
    key = RecordKey(unread.RESOURCE, run.station.to.url, anchor.reference)
    if unread.keep(run.station, key, unread.around(anchor, found), problems):
        return True
    run.refused.append(Standing(key, str(State.REFUSED), "unreadable", str(problems[0]), problems))
    run.unread.add(anchor.reference)
    return False


def _readings(station: Station, found: Iterable[Found]) -> Readings:
    resources = [each.resource for each in found]
    return from_bundle(resources, station.to.fhir, station.to.overlays, station.to.url)


# -- records that are new to us -----------------------------------------------------------------------


def _fresh(run: _Run, news: News) -> None:
    """Read what is addressed to us: all that belongs to it comes along."""
    station = run.station
    seeds = {reference: seen(news.changed[reference]) for reference in news.fresh}
    if not seeds:
        return
    every: dict[str, Found] = {}
    for kind, some in _by_kind(station, seeds).items():
        every |= gather(station, kind, some)[0]
    every |= {found.reference: found for found in _answers(station, every) if found.reference not in every}
    for kind, some in _by_kind(station, every).items():
        every |= gather(station, kind, some)[0]
    by_id = {id(found.resource): found for found in every.values()}
    readings = _readings(station, every.values())
    whole = {reference_of(refused.resource) for refused in readings.refused}
    for reading in readings.readings:
        parts = [by_id[id(resource)] for resource in reading.resources]
        if record_type(reading.record) in PIECES and any(whole & targets(part.resource) for part in parts):
            continue  # It is a part of what cannot be read yet, not a record of its own.
        if seeds.keys() & {part.reference for part in parts}:
            _new(run, key_of(reading.record), parts)
    for refused in readings.refused:
        if not _unreadable(run, by_id[id(refused.resource)], every.values(), refused.problems):
            run.unread |= _around(refused.resource, seeds)
    _patients(station, every.values())


def _new(run: _Run, key: RecordKey, parts: Sequence[Found]) -> None:
    station = run.station
    rows = station.ledger.resources(station.server, [key]).get(key, ())
    have = {**of_rows(rows), **{part.reference: part for part in parts}}
    try:
        with station.ledger.unit():
            _note(run, key, take(station, key, have.values(), base_of(station, key, rows)))
            anchors = [RecordKey(unread.RESOURCE, station.to.url, part.reference) for part in parts]
            station.ledger.drop_unread(station.server, anchors)
    except ResourceRefused as error:
        if unread.keep(station, key, list(have.values()), error.problems):
            return
        run.unread |= {part.reference for part in parts}
        run.refused.append(Standing(key, str(State.REFUSED), "unreadable", str(error.problems[0]), error.problems))


_ANSWERS = frozenset({"work-item", "outcome"})


def _by_kind(station: Station, found: dict[str, Found]) -> dict[str, dict[str, Found]]:
    """Sort resources by the kind of record whose parts may lie around them."""
    kinds: dict[str, dict[str, Found]] = {}
    for reference, each in found.items():
        kinds.setdefault(_kind(station, each.resource), {})[reference] = each
    return kinds


def _kind(station: Station, resource: Json) -> str:
    """What a resource anchors; a task or an outcome that anchors nothing but itself belongs to what it is about."""
    for mapping in all_compiled(station.to.fhir, station.to.overlays):
        if mapping.kind not in _ANSWERS and mapping.anchor(resource):
            return mapping.kind
    return "referral"


def _answers(station: Station, every: dict[str, Found]) -> Iterable[Found]:
    """The tasks that are about these requests, whoever owns them."""
    about = sorted(reference for reference in every if reference.startswith("ServiceRequest/"))
    if "Task" not in part_types("referral", station.to.fhir, station.to.overlays):
        return
    for start in range(0, len(about), AT_ONCE):
        criteria = {"focus": ",".join(about[start : start + AT_ONCE])}
        yield from (seen(resource) for resource in station.client.search("Task", criteria))


def _around(resource: Json, seeds: dict[str, Found]) -> set[str]:
    """The seeds that led to a resource."""
    reference = reference_of(resource)
    return {seed for seed, found in seeds.items() if reference in targets(found.resource)}


def _patients(station: Station, found: Iterable[Found]) -> None:
    """Read the clients along, and remember who is who on this server."""
    named = {reference for each in found for reference in targets(each.resource) if reference.startswith(f"{PATIENT}/")}
    unknown = named - station.ledger.named(station.server, named).keys()
    for each in fetch(station, unknown)[0].values():
        tokens = [token(identifier) for identifier in objects_at(each.resource, "identifier")]
        for name in [each.reference, *filter(None, tokens)]:
            station.ledger.link(station.server, f"{PATIENT} {name}", each.reference, now=station.now())
