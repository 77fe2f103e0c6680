"""Send requests with `httpx`, without blocking."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from fhircase.errors import ConfigError, Problem
from fhircase.rest.message import Request, Response
from fhircase.transport.lost import no_answer, unreachable

if TYPE_CHECKING:
    import httpx

Timeout = tuple[float, float]


def sender(client: "httpx.AsyncClient", timeout: Timeout) -> Callable[[Request], Awaitable[Response]]:
    """Make the function that sends one request and returns its whole answer."""
    import httpx  # noqa: PLC0415

    unsent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
    limits = httpx.Timeout(timeout[1], connect=timeout[0])

    async def send(request: Request) -> Response:
        try:
            answer = await client.request(
                request.method,
                request.url,
                content=request.body,
                headers=dict(request.headers),
                timeout=limits,
                follow_redirects=False,
            )
            return Response.of(answer.status_code, answer.headers, answer.content)
        except httpx.RequestError as error:
            failed = (unreachable if isinstance(error, unsent) else no_answer)(request, error)
        # Outside of the except block: the library's error, which holds the request, must not hang on ours.
        raise failed

    return send


def client() -> "httpx.AsyncClient":
    """Make an httpx client of our own.

    Raises:
        ConfigError: httpx is not installed.
    """
    try:
        import httpx  # noqa: PLC0415
    except ModuleNotFoundError:
        raise ConfigError(
            Problem("AsyncFHIRClient needs httpx, which is not installed", hint="pip install fhircase[async]")
        ) from None
    return httpx.AsyncClient()
