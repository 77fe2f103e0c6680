"""The news that a pull hands over: each record once, as it is now, with all that changed in it."""

from dataclasses import replace

from fhircase.ledger import Change, RecordKey
from fhircase.model import Record
from fhircase.worker.report import PullReport
from fhircase.worker.station import Station
from fhircase.worker.texts import record_of

TOLD = "pull told"
"""The cursor that says how much of the feed earlier pulls have handed over."""


def untold(station: Station) -> tuple[tuple[tuple[Change, Record], ...], int]:
    """The news since the last pull, found by pulling or, when somebody wrote in between, while pushing.

    The second value is how far into the feed it reaches.
    """
    ledger, server = station.ledger, station.server
    start = int(ledger.cursor(server, TOLD) or 0)
    changes = ledger.changes(start)
    ours: dict[RecordKey, Change] = {}
    for change in changes:
        if change.source == server:
            # A record is told once, as it is now, with all that changed in it.
            before = ours.pop(change.key, change)
            ours[change.key] = replace(change, fields=tuple(dict.fromkeys((*before.fields, *change.fields))))
    records = ledger.records(ours)
    news = tuple((change, record_of(records[change.key].current)) for change in ours.values())
    return news, changes[-1].position if changes else start


def told(station: Station, report: PullReport) -> None:
    """Note that the news of a pull is safe with whoever asked for it. Before that, it would be lost in a crash."""
    ledger, server = station.ledger, station.server
    with ledger.unit():
        if report.position > int(ledger.cursor(server, TOLD) or 0):
            ledger.move_cursor(server, TOLD, str(report.position), now=station.now())
