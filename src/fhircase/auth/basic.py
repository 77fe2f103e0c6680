"""HTTP Basic: a user name and a password with every request."""

from base64 import b64encode

from fhircase.rest.layer import Layer
from fhircase.rest.message import Interaction, Request, Response


def basic(user: str, password: str) -> Layer:
    """Make a layer that sends a user name and a password.

    Source: https://www.rfc-editor.org/rfc/rfc7617
    """
    credentials = "Basic " + b64encode(f"{user}:{password}".encode()).decode()

    def layer(request: Request) -> Interaction[Response]:
        return (yield request.with_header("Authorization", credentials))

    return layer
