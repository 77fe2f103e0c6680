"""`fhircase changes` and `fhircase ack`: the feed for the local system."""

import select
import sys
import time
from typing import Annotated

import typer

from fhircase.cli.door import told
from fhircase.cli.options import Config, Ledger
from fhircase.cli.screen import amount, say

PAUSE = 1.0
"""Seconds between two looks at the ledger."""


@told
def changes(
    after: Annotated[
        str | None,
        typer.Option("--after", metavar="CURSOR", help="Read on from here instead."),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for more, until Ctrl-C.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = None,
    ledger: Ledger = None,
    config: Config = None,
) -> None:
    """Print what others changed as NDJSON, with whole records; it is offered again until `fhircase ack`."""
    from fhircase.config import load
    from fhircase.ledger import open_ledger
    from fhircase.worker.feed import Feed

    with open_ledger(ledger or load(config).ledger, create=False) as kept:
        offers = Feed(kept).changes(after, limit=limit, wait=_wait if follow else None)
        try:
            for offer in offers:
                sys.stdout.buffer.write(offer.line())
                if follow:
                    sys.stdout.buffer.flush()
        except KeyboardInterrupt:
            if not follow:
                raise


@told
def ack(
    cursor: Annotated[str, typer.Argument(metavar="CURSOR", help="The cursor of the last change that was received.")],
    ledger: Ledger = None,
    config: Config = None,
) -> None:
    """Say that the local system has everything up to this change: it is not offered again."""
    from fhircase.config import load
    from fhircase.ledger import open_ledger
    from fhircase.worker.feed import Feed

    with open_ledger(ledger or load(config).ledger, create=False) as kept:
        say(f"{amount(Feed(kept).ack(cursor), 'change')} acknowledged")


def _wait() -> bool:
    """Wait a little; end when nobody reads any more, which a pipe tells only when asked or written to."""
    sys.stdout.buffer.flush()
    if not hasattr(select, "poll"):
        time.sleep(PAUSE)
        return True
    reader = select.poll()
    reader.register(sys.stdout.fileno(), 0)
    return not any(event & (select.POLLERR | select.POLLHUP) for _, event in reader.poll(PAUSE * 1000))
