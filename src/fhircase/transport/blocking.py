"""Send requests with `requests`."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from fhircase.rest.message import Request, Response
from fhircase.transport.lost import no_answer, unreachable, untrusted

if TYPE_CHECKING:
    import requests

Timeout = tuple[float, float]


def sender(session: "requests.Session", timeout: Timeout) -> Callable[[Request], Response]:
    """Make the function that sends one request and returns its whole answer."""
    import requests  # noqa: PLC0415
    from urllib3 import exceptions as wire  # noqa: PLC0415

    unsent = (wire.ConnectTimeoutError, wire.NewConnectionError, wire.ProxyError)

    def send(request: Request) -> Response:
        try:
            # Without an auth of its own, requests would put a password from ~/.netrc over our Authorization.
            answer = session.request(
                request.method,
                request.url,
                data=request.body,
                headers=dict(request.headers),
                timeout=timeout,
                allow_redirects=False,
                auth=session.auth or _as_it_is,
            )
            return Response.of(answer.status_code, answer.headers, answer.content)
        except requests.RequestException as error:
            cause = error.args[0] if error.args else None
            reason = cause.reason if isinstance(cause, wire.MaxRetryError) else cause
            # A TLS error may also come in the middle of an answer; an untrusted certificate comes before.
            before = isinstance(reason, unsent) or untrusted(error)
            failed = (unreachable if before else no_answer)(request, reason or error)
        # Outside of the except block: the library's error, which quotes the query, must not hang on ours.
        raise failed

    return send


def session() -> "requests.Session":
    """Make a session of our own."""
    import requests  # noqa: PLC0415

    return requests.Session()


def _as_it_is(prepared: "requests.PreparedRequest") -> "requests.PreparedRequest":
    return prepared
