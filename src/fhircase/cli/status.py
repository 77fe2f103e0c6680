"""`fhircase status`: how many records are in which state, on each server."""

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.options import AsJson, Config, Ledger
from fhircase.cli.screen import table
from fhircase.cli.site import print_json

STATES = ("agreed", "owed", "refused", "held", "conflicts")


@told
def status(ledger: Ledger = None, as_json: AsJson = False, config: Config = None) -> None:
    """Say how many records each server holds as agreed, is owed or refused, or that wait, and what is in conflict."""
    from fhircase.config import load
    from fhircase.ledger import open_ledger

    with open_ledger(ledger or load(config).ledger, create=False) as kept:
        found = kept.status()["servers"]
    servers = {name: {state: counts.get(state, 0) for state in STATES} for name, counts in found.items()}
    if as_json:
        print_json({"servers": servers})
    else:
        rows = [(name, *map(str, counts.values())) for name, counts in servers.items()]
        table("records", ("server", *STATES), rows)
    waiting = any(counts[state] for counts in servers.values() for state in STATES[1:])
    exits.leave([exits.OWED if waiting else exits.DONE])
