"""What a probe found of a server, as the ledger remembers it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fhircase.fhir import jsontext
from fhircase.ledger import Ledger

FACT = "probe"


def probed(ledger: Ledger, server: str) -> dict[str, Any]:
    """What was found by name; empty if it was never probed. What could not be found out is not there."""
    fact = ledger.facts(server).get(FACT)
    return dict(jsontext.decode(fact)) if fact else {}


def keep(ledger: Ledger, server: str, found: Mapping[str, Any], *, now: datetime) -> None:
    """Remember what was found."""
    ledger.keep_fact(server, FACT, jsontext.encode({**found, "when": now.isoformat()}).decode(), now=now)
