"""The rows that code tables lack, for people: from the ledger, or of a read. Ids, no person's data."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from fhircase.cli import exits
from fhircase.cli.files import output
from fhircase.cli.screen import amount, say, table
from fhircase.cli.site import named, print_json

if TYPE_CHECKING:
    from fhircase.ledger import Missing
    from fhircase.mapping.worklist import Worklist

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


def keep(lacking: "Worklist", file: Path | None) -> None:
    """Write the codes for which something could not be read, and say how many there are."""
    from fhircase.fhir import jsontext

    if file is not None:
        with output(file) as stream:
            stream.writelines(jsontext.encode(asdict(each)) + b"\n" for each in lacking.rows())
    if lacking:
        what = f"{amount(len(lacking.rows()), 'code')} that no table knows"
        where = f"in {file}: add a row for each, and read again" if file else "`--unknown FILE` lists them"
        say(f"{what}: {where}")


def _row(each: "Missing") -> tuple[str, ...]:
    counts = (str(each.records), str(each.times), f"{each.since:%Y-%m-%d}")
    examples = ", ".join(key.value if key.kind == "resource" else named(key) for key in each.examples)
    return each.table, each.code, each.place, each.server, *counts, examples
