"""`fhircase ledger export` and `import`: a ledger as lines of NDJSON, and back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from fhircase.cli.door import told
from fhircase.cli.files import name_of, opened, output
from fhircase.cli.options import Config, Ledger, Output
from fhircase.cli.screen import amount, say


@told
def export(file: Output = None, ledger: Ledger = None, config: Config = None) -> None:
    """Write everything in the ledger as NDJSON, a row a line: its table, and its columns under their names."""
    from fhircase.config import load
    from fhircase.ledger import open_ledger
    from fhircase.worker.export import exported

    with open_ledger(ledger or load(config).ledger, create=False) as kept, output(file) as stream:
        stream.writelines(exported(kept))


@told
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE|-", help="The export; - is standard input.")],
    old: Annotated[
        bool,
        typer.Option("--old", help="Something was sent or read since: pull before sending, as after a restore."),
    ] = False,
    ledger: Ledger = None,
    config: Config = None,
) -> None:
    """Fill a new ledger with an export, all of it or nothing; from then on use only one of the two."""
    from fhircase.config import load
    from fhircase.ledger import open_ledger
    from fhircase.worker.export import imported

    place = ledger or load(config).ledger
    with opened(file) as stream, open_ledger(place) as kept:
        count = imported(kept, stream, name_of(file), now=datetime.now(UTC) if old else None)
    say(
        f"{place} is as the exported ledger was ({amount(count, 'row')}); do not use that one any more: "
        "two ledgers of the same records make them twice"
    )
