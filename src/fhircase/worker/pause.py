"""A server that an operator has paused: nothing is sent to it and nothing asked, and all it is owed stays owed."""

from datetime import datetime

from fhircase.fhir import jsontext
from fhircase.ledger import Ledger

FACT = "paused"
RESTORED = "restored"
"""The fact that a ledger was restored from a backup, and the server not asked since what happened meanwhile."""


def pause(ledger: Ledger, server: str, reason: str = "", *, now: datetime) -> None:
    """Pause a server until `resume`."""
    ledger.keep_fact(server, FACT, jsontext.encode({"since": now.isoformat(), "reason": reason}).decode(), now=now)


def resume(ledger: Ledger, server: str) -> bool:
    """End a pause; False if there was none."""
    with ledger.unit():
        was = FACT in ledger.facts(server)
        ledger.drop_fact(server, FACT)
    return was


def paused(ledger: Ledger, server: str) -> str:
    """Why nothing goes to the server; empty if something may."""
    fact = ledger.facts(server).get(FACT)
    if fact is None:
        return ""
    why = jsontext.decode(fact)
    reason = f": {why['reason']}" if why.get("reason") else ""
    return f"paused since {str(why['since'])[:16]}{reason}; `fhircase resume {server}` ends it"


def halted(ledger: Ledger, server: str) -> str:
    """Why nothing is sent to the server; empty if something may."""
    if why := paused(ledger, server):
        return why
    return "the ledger was restored from a backup: a pull comes first" if RESTORED in ledger.facts(server) else ""
