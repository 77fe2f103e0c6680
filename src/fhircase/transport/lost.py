"""A request that got no whole answer, in words of our own: the library's would show the query."""

from fhircase.errors import UnknownOutcome, Unreachable
from fhircase.rest.address import Origin, shown
from fhircase.rest.message import Request


def unreachable(request: Request, error: Exception) -> Unreachable:
    """No connection was made."""
    why = "its TLS certificate is not trusted" if untrusted(error) else type(error).__name__
    return Unreachable(
        f"{request.method} {shown(request.url)}: no connection to {Origin.of(request.url)} ({why}); nothing was sent",
        url=shown(request.url),
    )


def no_answer(request: Request, error: Exception) -> UnknownOutcome:
    """The request went out, and the answer did not come or not whole."""
    text = f"{request.method} {shown(request.url)}: no whole answer came ({type(error).__name__})"
    doubt = "" if request.method == "GET" else "; the server may have done it"
    return UnknownOutcome(text + doubt, url=shown(request.url))


def untrusted(error: Exception) -> bool:
    """Whether an HTTP library's error is about the server's certificate."""
    return "CERTIFICATE_VERIFY_FAILED" in str(error)
