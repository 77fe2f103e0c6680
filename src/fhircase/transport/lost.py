"""A request that got no whole answer, in words of our own: the library's would show the query."""

from fhircase.errors import UnknownOutcome, Unreachable
from fhircase.rest.address import Origin, shown
from fhircase.rest.message import Request


def unreachable(request: Request, error: Exception) -> Unreachable:
    """No connection was made."""
    return Unreachable(
        f"{request.method} {shown(request.url)}: no connection to {Origin.of(request.url)} "
        f"({type(error).__name__}); nothing was sent", url=shown(request.url))


def no_answer(request: Request, error: Exception) -> UnknownOutcome:
    """The request went out, and the answer did not come or not whole."""
    return UnknownOutcome(
        f"{request.method} {shown(request.url)}: no whole answer came ({type(error).__name__}); "
        "the server may have done it", url=shown(request.url))
