"""`fhircase watch`: each server's traffic as it goes on, until Ctrl-C."""

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated

import typer

from fhircase.cli.door import told
from fhircase.cli.options import Config, Ledger
from fhircase.cli.overview import overviews, shown


@told
def watch(
    ledger: Ledger = None,
    every: Annotated[float, typer.Option("--every", metavar="SECONDS", min=0.1, help="How often to look.")] = 1.0,
    rounds: Annotated[int, typer.Option("--rounds", metavar="N", min=0, help="End after so many looks; 0: never.")] = 0,
    config: Config = None,
) -> None:
    """Show what is owed to each server, what is on its way, how fast it goes and what stands in the way, live."""
    from rich.console import Console
    from rich.live import Live

    from fhircase.config import load
    from fhircase.ledger import open_ledger

    with open_ledger(ledger or load(config).ledger, create=False) as kept, suppress(KeyboardInterrupt):
        console = Console(width=None if typer.get_text_stream("stdout").isatty() else 160)
        with Live(console=console, auto_refresh=False) as live:
            looks = 0
            while True:
                now = datetime.now(UTC)
                live.update(shown(overviews(kept, now), now), refresh=True)
                looks += 1
                if looks == rounds:
                    return
                time.sleep(every)
