"""Records we know, read anew where the server says that something of them changed."""

from collections.abc import Collection, Iterable

from fhircase.errors import Problem, ResourceRefused
from fhircase.ledger import RecordKey, Resource
from fhircase.worker import unread
from fhircase.worker.absorb import base_of, gather, take
from fhircase.worker.fetch import AT_ONCE, Found, fetch
from fhircase.worker.news import News
from fhircase.worker.note import Run, note, refuse
from fhircase.worker.station import Progress
from fhircase.worker.survivors import known_merges


def stale(run: Run, news: News, progress: Progress) -> None:
    """Read all records of which something changed."""
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


def _one(run: Run, key: RecordKey, have: dict[str, Found], gone: set[str]) -> None:
    """Read one record anew; what is wrong with it stays its own."""
    station = run.station
    rows = station.ledger.resources(station.server, [key]).get(key, ())
    ours = {row.reference for row in rows}
    every, lost = gather(station, key.kind, have)
    lost = (lost | gone) & ours - known_merges(station).keys()
    if lost:
        station.ledger.drop_unread(station.server, [key])
        if not refuse(run, key, "deleted", _deleted(lost)):
            run.unread |= lost
        return
    if not read(run, key, every.values(), rows):
        run.unread |= set(have)


def read(run: Run, key: RecordKey, found: Collection[Found], rows: Iterable[Resource]) -> bool:
    """Read a record of ours from all its resources; False if it is to be fetched again next time."""
    station = run.station
    try:
        taken = take(station, key, found, base_of(station, key, tuple(rows)))
    except ResourceRefused as error:
        if not unread.keep(station, key, found, error.problems):
            refuse(run, key, "unreadable", error.problems)
            return False
        station.ledger.park(station.server, key, unread.hold(error.problems), now=station.now())
        return True
    note(run, key, taken)
    return True


def _deleted(references: Iterable[str]) -> tuple[Problem, ...]:
    hint = "restore it on the server, or give the record a new key"
    return tuple(
        Problem(f"{reference} was deleted on the server", rule="never recreated silently", hint=hint)
        for reference in sorted(references)
    )
