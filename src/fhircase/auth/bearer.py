"""A bearer token with every request: fixed, or asked for each time from a function that keeps it fresh."""

from collections.abc import Callable

from fhircase.rest.layer import Layer
from fhircase.rest.message import Interaction, Request, Response


def bearer(token: str | Callable[[], str]) -> Layer:
    """Make a layer that sends a token; a function is called once for every request.

    Source: https://www.rfc-editor.org/rfc/rfc6750
    """

    def layer(request: Request) -> Interaction[Response]:
        current = token() if callable(token) else token
        return (yield request.with_header("Authorization", f"Bearer {current}"))

    return layer
