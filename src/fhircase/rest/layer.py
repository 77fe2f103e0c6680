"""Something a request passes through: credentials, retries, a vendor's oddity, tracing - all in one shape."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from fhircase.errors import ServerError
from fhircase.rest.message import Interaction, Request, Response, T

Layer: TypeAlias = Callable[[Request], Interaction[Response]]
"""Takes one request, yields it (changed, again, or after others of its own), returns the response."""


def through(interaction: Interaction[T], layers: Iterable[Layer]) -> Interaction[T]:
    """Pass every request of an interaction through layers, the first one nearest to the interaction."""
    for layer in layers:
        interaction = _through_one(interaction, layer)
    return interaction


def _through_one(interaction: Interaction[T], layer: Layer) -> Interaction[T]:
    try:
        request = next(interaction)
        while True:
            try:
                response = yield from layer(request)
            except ServerError as error:
                request = interaction.throw(error)
            else:
                request = interaction.send(response)
    except StopIteration as stop:
        value: T = stop.value
        return value
