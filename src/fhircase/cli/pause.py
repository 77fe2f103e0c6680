"""`fhircase pause` and `fhircase resume`: a server that is left alone for a while."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from fhircase.cli.door import told
from fhircase.cli.options import Config, Ledger
from fhircase.cli.screen import say

Server = Annotated[str, typer.Argument(metavar="SERVER", help="A server in the settings, or its URL.")]


@told
def pause(
    server: Server,
    reason: Annotated[str, typer.Option("--reason", help="Why, for those who wonder; no person's data.")] = "",
    ledger: Ledger = None,
    config: Config = None,
) -> None:
    """Send nothing to a server, and ask it nothing, until `fhircase resume`; what it is owed stays owed."""
    from fhircase.config import load
    from fhircase.ledger import open_ledger
    from fhircase.worker.pause import pause

    settings = load(config)
    name = settings.server(server).name
    with open_ledger(ledger or settings.ledger) as kept:
        pause(kept, name, reason, now=datetime.now(UTC))
    say(f"{name} is paused; `fhircase resume {name}` ends it")


@told
def resume(server: Server, ledger: Ledger = None, config: Config = None) -> None:
    """End a pause: the next push sends what the server is owed."""
    from fhircase.config import load
    from fhircase.ledger import open_ledger
    from fhircase.worker.pause import resume

    settings = load(config)
    name = settings.server(server).name
    with open_ledger(ledger or settings.ledger, create=False) as kept:
        was = resume(kept, name)
    say(f"{name} goes on with the next push or pull" if was else f"{name} was not paused")
