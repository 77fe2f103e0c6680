"""What the exchange does, as events for a log: ids and places, never a person's data.

An event can say only what `say` has a parameter for, so that no value of a record finds its way in by chance. Events go
to the logger `fhircase.exchange` of the standard library: whoever uses fhircase as a library sees them where they send
their own logs, and nowhere if they do not ask.
"""

import logging
import time
from collections.abc import Iterator
from typing import Any, Literal, LiteralString, TypedDict, Unpack

import structlog

from fhircase.errors import ServerError
from fhircase.ledger import RecordKey
from fhircase.rest.address import shown
from fhircase.rest.message import Interaction, Request, Response

NAME = "fhircase.exchange"

Level = Literal["debug", "info", "warning", "error"]

_log = structlog.wrap_logger(
    logging.getLogger(NAME),
    # As `extra` of the standard library: a formatter of any kind can show each by itself.
    processors=[structlog.stdlib.filter_by_level, structlog.stdlib.render_to_log_kwargs],
    wrapper_class=structlog.stdlib.BoundLogger,
)


class Said(TypedDict, total=False):
    """All that an event can say."""

    server: str
    """Its name in the settings."""
    record: RecordKey
    state: str
    code: str
    """One word for programs: why."""
    change: str
    """The id of a piece of news."""
    fields: tuple[str, ...]
    """Paths of fields, never their values."""
    method: str
    url: str
    """Where a request went; the values of its query are left out."""
    status: int
    error: type[BaseException]
    """Its class alone, as a message may quote."""
    milliseconds: int
    counts: dict[LiteralString, int]
    """How many of what."""


def say(event: LiteralString, level: Level = "info", **said: Unpack[Said]) -> None:
    """Log an event: what happened, in a few words that never change, and where."""
    getattr(_log, level)(event, **dict(_plain(said)))


def _plain(said: Said) -> Iterator[tuple[str, Any]]:
    for name, value in said.items():
        match name, value:
            case _, None | "":
                pass
            case "record", RecordKey() as key:
                yield from (("kind", key.kind), ("namespace", key.namespace), ("key", key.value))
            case "url", str() as url:
                yield name, shown(url)
            case "error", type() as error:
                yield name, error.__name__
            case "counts", dict() as counts:
                yield from counts.items()
            case _:
                yield name, value


class Requests:
    """The layer that logs each request to a server, with what came of it and how long it took."""

    def __init__(self, server: str) -> None:
        self._server = server

    def layer(self, request: Request) -> Interaction[Response]:
        """Pass a request on, and say how it went."""
        start = time.monotonic()
        try:
            response = yield request
        except ServerError as error:
            self._say(request, start, "warning", error=type(error))
            raise
        self._say(request, start, "debug" if response.status < 400 else "warning", status=response.status)
        return response

    def _say(self, request: Request, start: float, level: Level, **more: Unpack[Said]) -> None:
        more |= {"server": self._server, "method": request.method, "url": request.url}
        more["milliseconds"] = round((time.monotonic() - start) * 1000)
        say("request", level, **more)
