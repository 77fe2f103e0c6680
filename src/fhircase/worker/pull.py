"""Pull: what others changed, read into our records; our own writes are not news."""

from fhircase.errors import ConfigError, ServerError
from fhircase.exchange.links import key_of
from fhircase.worker import unread
from fhircase.worker.fetch import Found
from fhircase.worker.fresh import fresh, new, unreadable
from fhircase.worker.known import read, stale
from fhircase.worker.merged_patients import concerned, tell
from fhircase.worker.news import News, ask, keep_positions
from fhircase.worker.note import Run
from fhircase.worker.report import PullReport, disputes
from fhircase.worker.station import Progress, Station, silent
from fhircase.worker.survivors import notice
from fhircase.worker.survivors import untold as untold_merges
from fhircase.worker.told import untold
from fhircase.worker.whole import readings


def pull(station: Station, progress: Progress = silent) -> PullReport:
    """Read what changed on the server into the records.

    A server that cannot be reached ends the pull, and `stopped` says why; the next one asks the same again.
    The news is handed over again until `told` says that it is safe.
    """
    before, run, news = station.counter.requests, Run(station), News()
    stopped = ""
    try:
        _waiting(run)
        news = ask(station, progress)
        notice(station, news.patients)
        merges = untold_merges(station)
        moved = concerned(station, merges)
        for key in moved:
            news.stale.setdefault(key, set())
        stale(run, news, progress)
        tell(run, moved, merges)
        fresh(run, news)
        keep_positions(station, news, run.unread)
    except (ServerError, ConfigError) as error:
        stopped = str(error)
    conflicts = disputes(station.ledger.conflicts(station.server))
    changes, position = untold(station)
    return PullReport(
        station.server,
        len(news.looked_at),
        len(news.echoes),
        station.counter.requests - before,
        changes,
        tuple(run.refused),
        conflicts,
        stopped,
        tuple(run.remarks),
        unread.standings(station),
        position,
        tuple(news.unasked),
    )


def _waiting(run: Run) -> None:
    """Read again what waits for a row, now that the mapping has changed, from what is kept of it."""
    station = run.station
    for key, found in unread.changed(station):
        if station.ledger.records([key]):
            read(run, key, found, station.ledger.resources(station.server, [key]).get(key, ()))
            continue
        every = readings(station, found)
        by_id = {id(each.resource): each for each in found}
        station.ledger.drop_unread(station.server, [key])
        for reading in every.readings:
            new(run, key_of(reading.record), [by_id[id(resource)] for resource in reading.resources])
        for refused in every.refused:
            unreadable(run, Found(refused.resource), found, refused.problems)
