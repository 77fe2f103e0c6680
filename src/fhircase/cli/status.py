"""`fhircase status`: how many records are in which state on each server, and what is the matter."""

from datetime import UTC, datetime

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.options import AsJson, Config, Ledger
from fhircase.cli.overview import COLUMNS, overviews
from fhircase.cli.screen import table
from fhircase.cli.site import print_json


@told
def status(ledger: Ledger = None, as_json: AsJson = False, config: Config = None) -> None:
    """Say how many records each server holds as agreed, is owed or refused, or that wait, and what is in conflict."""
    from fhircase.config import load
    from fhircase.ledger import open_ledger

    now = datetime.now(UTC)
    with open_ledger(ledger or load(config).ledger, create=False) as kept:
        found = overviews(kept, now)
    if as_json:
        print_json({"servers": {each.server: each.as_json() for each in found}})
    else:
        table("records", COLUMNS, [each.row(now) for each in found])
    exits.leave([exits.OWED if any(each.waiting for each in found) else exits.DONE])
