"""A changed mapping rolled out: what it would rewrite, on a few records or on all, and back again.

Each row of what is agreed bears the digest of the mapping that read or wrote it. Records of another digest are looked
at; those that wait for something else are left alone until that is settled.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from pydantic import ValidationError

from fhircase.errors import InvalidInput, Problem, RecordInvalid
from fhircase.exchange.changes import changed
from fhircase.exchange.pull import arranged, change_id
from fhircase.exchange.remap import renewed
from fhircase.fhir import jsontext
from fhircase.ledger import Change, RecordKey, Remap, Resource, State
from fhircase.ledger import Record as Kept
from fhircase.model import Record
from fhircase.worker import plan as planning
from fhircase.worker.absorb import agreed, read
from fhircase.worker.intake import local_base
from fhircase.worker.push import push
from fhircase.worker.report import Planned, PushReport, RemapReport, Standing
from fhircase.worker.station import LEASE, Progress, Station, silent
from fhircase.worker.texts import record_of, text_of


@dataclass(frozen=True, slots=True)
class Renewed:
    """A record that another mapping read or wrote, as the one in force has it."""

    kept: Kept = field(repr=False)
    record: Record = field(repr=False)
    rows: tuple[Resource, ...] = field(repr=False)
    fields: tuple[str, ...]
    """Paths at which the mapping in force reads something else."""

    @property
    def key(self) -> RecordKey:
        """Which record."""
        return self.kept.key


class _Undo(Exception):
    """Ends the ledger's transaction without keeping anything."""


def plan(station: Station, only: Collection[str] = (), some: int | None = None) -> RemapReport:
    """Say what would be rewritten, and what only reads otherwise; nothing is written, neither here nor there."""
    return _rehearsed(station, only, some)[0]


def go(
    station: Station, only: Collection[str] = (), some: int | None = None, progress: Progress = silent
) -> RemapReport:
    """Rewrite what `plan` says, and keep how to take it back."""
    before = station.counter.requests
    report, chosen = _rehearsed(station, only, some)
    if report.stopped:
        return report
    planned = {key: [each for each in report.planned if each.key == key] for key in {p.key for p in report.planned}}
    with station.ledger.unit():
        for each in chosen:
            _keep(station, each)
            if each.key in planned:
                station.ledger.keep_remap(_way_back(station, each, planned[each.key]), now=station.now())
                station.ledger.release(station.server, [each.key], now=station.now())
            else:
                station.ledger.pulled(station.server, [each.key], now=station.now())
    pushed = push(station, (), progress, only=planned.keys()) if planned else PushReport(station.server)
    _stamp(station, [each.key for each in chosen])
    waiting = (*pushed.held, *pushed.refused, *pushed.conflicts, *pushed.owed)
    return replace(
        report,
        sent=pushed.sent,
        requests=station.counter.requests - before,
        left=(*report.left, *(each for each in waiting if each.key in planned)),
        stopped=pushed.stopped,
    )


def _rehearsed(station: Station, only: Collection[str], some: int | None) -> tuple[RemapReport, list[Renewed]]:
    report, chosen = RemapReport(station.server), list[Renewed]()
    try:
        with station.ledger.unit():
            chosen, left = _chosen(station, only, some)
            report = _planned(station, chosen, left)
            raise _Undo  # noqa: TRY301 - there is no other way out of a unit without keeping it
    except _Undo:
        refused = {each.key for each in report.left}
        return report, [each for each in chosen if each.key not in refused]


def _chosen(station: Station, only: Collection[str], some: int | None) -> tuple[list[Renewed], list[Standing]]:
    chosen: list[Renewed] = []
    left: list[Standing] = []
    for kept in station.ledger.scan():
        rows = station.ledger.resources(station.server, [kept.key]).get(kept.key, ())
        if not is_named(kept.key, only) or all(row.mapping == station.mapping for row in rows):
            continue
        if some is not None and len(chosen) >= some:
            break
        delivery = station.ledger.deliveries(station.server, [kept.key]).get(kept.key)
        disputed = station.ledger.conflicts(station.server, [kept.key])
        if delivery is None or delivery.state is not State.AGREED or disputed:
            state = "conflict" if disputed else str(delivery.state) if delivery else "not agreed"
            left.append(Standing(kept.key, state, "unsettled", "settle it first: it waits for something else"))
            continue
        try:
            chosen.append(_renewed(station, kept, rows))
        except InvalidInput as error:
            left.append(Standing(kept.key, "refused", "unreadable", str(error.problems[0]), error.problems))
    return chosen, left


def is_named(key: RecordKey, only: Collection[str]) -> bool:
    """Whether a record is among those named by value, `kind/value` or `namespace|value`; all are, if none is named."""
    names = (key.value, f"{key.kind}/{key.value}", f"{key.namespace}|{key.value}")
    return not only or any(name in only for name in names)


def _renewed(station: Station, kept: Kept, rows: tuple[Resource, ...]) -> Renewed:
    current = record_of(kept.current)
    roles = {row.reference: row.role for row in rows}
    reading = read(station, kept.key.kind, arranged(current, roles, agreed(rows)), kept.key)
    # A digest is there only for what the local system gave; all else is the server's word.
    local = local_base(kept) if kept.local and kept.local.digest else None
    try:
        record = renewed(current, local, reading.record)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        problems = [Problem(str(each["msg"]), ".".join(map(str, each["loc"])), "as newly mapped") for each in found]
        raise RecordInvalid(problems) from None
    return Renewed(kept, record, rows, changed(current, record))


def _keep(station: Station, each: Renewed) -> None:
    """Keep a record as the mapping in force has it, and tell the local system what is news in that."""
    now = station.now()
    text = text_of(each.record)
    revision = station.ledger.keep(each.key, text, now=now)
    if each.fields:
        id_ = change_id(station.server, each.key, agreed(each.rows), text, revision, versioned=False)
        station.ledger.announce(Change(id_, each.key, revision, now, station.server, each.fields, text=text))


def _planned(station: Station, chosen: Sequence[Renewed], left: Sequence[Standing]) -> RemapReport:
    ledger, now = station.ledger, station.now()
    keys = [each.key for each in chosen]
    for each in chosen:
        _keep(station, each)
    ledger.wish(station.server, keys, now=now)
    ledger.release(station.server, keys, now=now)
    claims = ledger.claim(station.server, owner=station.owner, limit=len(keys), lease=LEASE, now=now, only=keys)
    prepared, refused = planning.made_ready(station, claims)
    planned, held, stopped = planning.decided(station, prepared)
    written = {each.key for each in planned}
    reads = tuple((each.key, each.fields) for each in chosen if each.fields)
    silent_ones = sum(each.key not in written and not each.fields for each in chosen)
    return RemapReport(station.server, planned, reads, silent_ones, left=(*left, *refused, *held), stopped=stopped)


def _way_back(station: Station, each: Renewed, planned: Iterable[Planned]) -> Remap:
    """What was, and what is about to be: only where both are known can a later change be told from ours."""
    text = {
        "mapping": station.mapping,
        "record": [jsontext.decode(each.kept.current), jsontext.decode(text_of(each.record))],
        "resources": [{"role": one.role, "before": one.before, "after": one.after} for one in planned],
    }
    was = next(row.mapping for row in each.rows if row.mapping != station.mapping)
    return Remap(station.server, each.key, was, jsontext.encode(text))


def _stamp(station: Station, keys: Collection[RecordKey]) -> None:
    """Where nothing had to be written, too, the mapping in force has now had its say."""
    deliveries = station.ledger.deliveries(station.server, keys)
    done = [key for key, delivery in deliveries.items() if delivery.state is State.AGREED]
    rows = station.ledger.resources(station.server, done)
    stamped = [replace(row, mapping=station.mapping) for several in rows.values() for row in several]
    station.ledger.keep_resources(stamped, now=station.now())
