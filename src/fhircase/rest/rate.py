"""How fast requests may follow each other, for all threads that talk to one server together.

Time is an argument and nothing sleeps here: how long to wait rides on the request, the driver sleeps.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Lock

from fhircase.rest.layer import Layer
from fhircase.rest.message import Interaction, Request, Response
from fhircase.rest.moment import http_date, retry_after

PATIENCE = 60.0
"""Seconds that a server may ask all of us to wait; longer ones are for whoever decides about the server."""

_EPOCH = 1_000_000_000.0
"""A reset beyond this many seconds is a point in time, not a length of time."""


class Rate:
    """The next moment at which a request may go out."""

    def __init__(self, per_second: float | None = None) -> None:
        self._gap = 1 / per_second if per_second else 0.0
        self._next = 0.0
        self._lock = Lock()

    def wait(self, now: float) -> float:
        """Seconds that a request has to wait; its turn is taken by asking."""
        with self._lock:
            turn = max(now, self._next)
            self._next = turn + self._gap
            return turn - now

    def answered(self, status: int, headers: Mapping[str, str], now: float) -> None:
        """Note what an answer says about the requests after it."""
        pause = asked(status, headers)
        if pause and pause <= PATIENCE:
            with self._lock:
                self._next = max(self._next, now + pause)


def asked(status: int, headers: Mapping[str, str]) -> float | None:
    """Seconds for which an answer asks to be spared; None if it does not.

    Source: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after; X-RateLimit-* is a habit without a standard:
    its reset is a number of seconds, or a point in time since 1970, measured against the answer's own Date.
    """
    if status in (429, 503) and (after := retry_after(headers)) is not None:
        return after
    if headers.get("x-ratelimit-remaining", "").strip() != "0":
        return None
    try:
        reset = float(headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return None
    if reset < _EPOCH:
        return max(0.0, reset)
    sent = http_date(headers.get("date"))
    return max(0.0, reset - sent.timestamp()) if sent else None


def paced(rate: Rate, clock: Callable[[], float]) -> Layer:
    """Make the layer that keeps to a rate; nearest to the wire, so that what is sent again counts, too."""

    def layer(request: Request) -> Interaction[Response]:
        then = clock() + request.wait
        response = yield replace(request, wait=request.wait + rate.wait(then))
        rate.answered(response.status, response.headers, clock())
        return response

    return layer
