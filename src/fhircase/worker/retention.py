"""How long a ledger keeps what it no longer needs: texts of closed records' news, settled conflicts and the like."""

from datetime import datetime, timedelta

from fhircase.exchange.closing import closed
from fhircase.fhir import jsontext
from fhircase.ledger import Ledger


def compact(ledger: Ledger, retention: timedelta | None = None, *, now: datetime) -> int:
    """Let go of what is not needed, and give the room back; returns how many entries were let go of.

    Of a closed record that nothing has happened to for so long go the texts of its changes, its settled conflicts, what
    could not be read of it, and how a remap of it is taken back. The record itself stays: it tells what is known.
    """
    thinned = 0
    if retention is not None:
        keys = list(ledger.idle(now - retention))
        known = ledger.records(keys)
        thinned = ledger.thin(key for key in keys if closed(key.kind, jsontext.decode(known[key].current)))
    ledger.compact()
    return thinned
