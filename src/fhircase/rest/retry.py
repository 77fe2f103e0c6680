"""When to send a request again, decided without clock or sleep: the answer is a number of seconds, or no.

Rule: what certainly was not done may be sent again (connection refused, 429). What may have been done is sent
again only if the request says that twice is the same as once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from fhircase.errors import ServerError, UnknownOutcome, Unreachable
from fhircase.rest.layer import Layer
from fhircase.rest.message import Interaction, Request, Response
from fhircase.rest.moment import retry_after

_PASSING = (502, 503, 504)


@dataclass(frozen=True, slots=True)
class Retry:
    """How patiently to try: exponential back-off with full jitter, never shorter than the server asks for.

    Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    attempts: int = 4
    """How often to send in all; 1 never repeats."""
    first: float = 0.5
    longest: float = 20.0
    patience: float = 60.0
    """The longest Retry-After to sit out; beyond it the error is raised, and its `after` says when."""

    def delay(self, attempt: int, request: Request, outcome: Response | ServerError, random: float) -> float | None:
        """Seconds to wait before attempt + 1; None to give up. `random` is from [0, 1)."""
        if attempt >= self.attempts or not worth_repeating(request, outcome):
            return None
        jitter = random * min(self.longest, self.first * 2.0 ** (attempt - 1))
        asked = retry_after(outcome.headers) if isinstance(outcome, Response) else None
        if asked is None:
            return jitter
        return asked + jitter if asked <= self.patience else None


def worth_repeating(request: Request, outcome: Response | ServerError) -> bool:
    """Whether sending the request again may help and cannot do anything twice."""
    if isinstance(outcome, Response):
        return outcome.status == 429 or (request.repeatable and outcome.status in _PASSING)
    return isinstance(outcome, Unreachable) or (request.repeatable and isinstance(outcome, UnknownOutcome))


def retrying(retry: Retry, random: Callable[[], float]) -> Layer:
    """Make the layer that sends again; how long to wait rides on the request, the driver sleeps.

    After a repeated write a Conflict may be the write's own first try: look again, as after any Conflict.
    """

    def layer(request: Request) -> Interaction[Response]:
        attempt, wait = 1, request.wait
        while True:
            outcome: Response | ServerError
            try:
                outcome = yield replace(request, wait=wait)
            except ServerError as error:
                outcome = error
            delay = retry.delay(attempt, request, outcome, random())
            if delay is None:
                break
            attempt, wait = attempt + 1, delay
        if isinstance(outcome, ServerError):
            raise outcome
        return outcome

    return layer
