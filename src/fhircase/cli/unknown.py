"""What `fhircase mappings unknown` shows: the rows that code tables lack, from the ledger. Ids, no person's data."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from fhircase.cli import exits
from fhircase.cli.screen import say, table
from fhircase.cli.site import named, print_json

if TYPE_CHECKING:
    from fhircase.ledger import Missing

COLUMNS = ("table", "code", "place", "server", "records", "times", "since", "for example")


def show(ledger: Path | None, config: Path | None, *, as_json: bool) -> int:
    """Show the worklist, and say the exit code."""
    from fhircase.config import load
    from fhircase.ledger import open_ledger

    with open_ledger(ledger or load(config).ledger, create=False) as kept:
        missing = kept.missing()
    if as_json:
        print_json([{**asdict(each), "since": each.since.isoformat()} for each in missing])
    elif missing:
        table("codes that no table knows", COLUMNS, map(_row, missing))
        say("add a row to the table, in the mapping or by `rows:` of an overlay; the next pull reads what waits for it")
    else:
        say("every code that was met is known")
    return exits.OWED if missing else exits.DONE


def _row(each: "Missing") -> tuple[str, ...]:
    counts = (str(each.records), str(each.times), f"{each.since:%Y-%m-%d}")
    examples = ", ".join(key.value if key.kind == "resource" else named(key) for key in each.examples)
    return each.table, each.code, each.place, each.server, *counts, examples
