"""The news that a pull hands over: each record once, as it is now, with all that changed in it."""

from dataclasses import replace

from fhircase.ledger import Change, RecordKey
from fhircase.model import Record
from fhircase.worker.station import Station
from fhircase.worker.texts import record_of

TOLD = "pull told"
"""The cursor that says how much of the feed earlier pulls have returned."""


def untold(station: Station) -> tuple[tuple[Change, Record], ...]:
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
