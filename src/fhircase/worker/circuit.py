"""The circuit breaker of one server, for all threads; the ledger remembers it from one command to the next."""

import random
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from threading import Lock
from typing import Any

from fhircase.errors import CircuitOpen, ServerError, UnknownOutcome, Unreachable
from fhircase.exchange.breaker import Breaker
from fhircase.fhir import jsontext
from fhircase.ledger import Ledger
from fhircase.rest.message import Interaction, Request, Response
from fhircase.rest.moment import retry_after

FACT = "circuit"
_TROUBLE = (429, 502, 503, 504)
"""What a server or its proxy answers that cannot work now; a 500 may be about one record."""


class Circuit:
    """Counts how a server does, and asks it nothing while it is to be left in peace."""

    def __init__(self, server: str, breaker: Breaker, now: Callable[[], datetime]) -> None:
        self._server = server
        self._breaker = breaker
        self._kept = breaker
        self._now = now
        self._lock = Lock()

    @property
    def trial(self) -> bool:
        """Whether the next answer decides, so that there should be one request only."""
        return self._breaker.trial

    @property
    def why(self) -> str:
        """Why the server is not asked; empty if it may be."""
        breaker = self._breaker
        if not breaker.shut_out(self._now()) or breaker.until is None:
            return ""
        return (
            f"{self._server} is not asked before {breaker.until:%Y-%m-%d %H:%M:%S} UTC, after "
            f"{breaker.failures} failed requests in a row; the last: {breaker.why}"
        )

    def layer(self, request: Request) -> Interaction[Response]:
        """Pass a request on unless the server is left in peace, and note what came of it.

        Raises:
            CircuitOpen: the server is left in peace; nothing was sent.
        """
        if why := self.why:
            raise CircuitOpen(why)
        try:
            response = yield request
        except (Unreachable, UnknownOutcome) as error:
            self.failed(error)
            raise
        if response.status in _TROUBLE:
            why = f"{request.method} answered {response.status}"
            self._failed(why, retry_after(response.headers))
        else:
            with self._lock:
                self._breaker = self._breaker.answered()
        return response

    def failed(self, error: ServerError) -> None:
        """Note a failure that no request shows by itself."""
        self._failed(str(error), error.after)

    def _failed(self, why: str, after: float | None) -> None:
        with self._lock:
            self._breaker = self._breaker.failed(self._now(), why, after=after, random=random.random())  # noqa: S311

    def keep(self, ledger: Ledger) -> None:
        """Remember how the server does, if that has changed; by the thread whose ledger it is."""
        breaker, now = self._breaker, self._now()
        if breaker == self._kept:
            return
        self._kept = breaker
        if breaker == Breaker():
            ledger.drop_fact(self._server, FACT)
            return
        values: dict[str, Any] = asdict(breaker)
        values["until"] = breaker.until.isoformat() if breaker.until else None
        ledger.keep_fact(self._server, FACT, jsontext.encode(values).decode(), now=now)


def circuit_of(ledger: Ledger, server: str, now: Callable[[], datetime]) -> Circuit:
    """The circuit as the last command left it."""
    return Circuit(server, remembered(ledger.facts(server).get(FACT)), now)


def remembered(fact: str | None) -> Breaker:
    """How a server did, as a fact says it."""
    if fact is None:
        return Breaker()
    values = jsontext.decode(fact)
    until = datetime.fromisoformat(values["until"]) if values["until"] else None
    return Breaker(int(values["failures"]), int(values["opened"]), until, str(values["why"]))
