"""The news that a pull hands over: each record once, as it is now, with all that changed in it."""

from dataclasses import replace

from fhircase.ledger import Change, RecordKey
from fhircase.worker.feed import PAGE
from fhircase.worker.handover import Handover
from fhircase.worker.report import PullReport
from fhircase.worker.station import Station

TOLD = "pull told"
"""The cursor that says how much of the feed earlier pulls have handed over."""


def untold(station: Station) -> tuple[Handover, int]:
    """The news since the last pull, found by pulling or, when somebody wrote in between, while pushing.

    The second value is how far into the feed it reaches.
    """
    ledger, server = station.ledger, station.server
    position = int(ledger.cursor(server, TOLD) or 0)
    ours: dict[RecordKey, Change] = {}
    while changes := ledger.changes(position, limit=PAGE):
        for change in changes:
            if change.source == server:
                # A record is told once, as it is now, with all that changed in it.
                before = ours.pop(change.key, change)
                fields = tuple(dict.fromkeys((*before.fields, *change.fields)))
                ours[change.key] = replace(change, fields=fields, text=None)
        position = changes[-1].position
    return Handover((change, ledger.records([key])[key].current) for key, change in ours.items()), position


def told(station: Station, report: PullReport) -> None:
    """Note that the news of a pull is safe with whoever asked for it. Before that, it would be lost in a crash."""
    ledger, server = station.ledger, station.server
    with ledger.unit():
        if report.position > int(ledger.cursor(server, TOLD) or 0):
            ledger.move_cursor(server, TOLD, str(report.position), now=station.now())
