"""The loop that lets an interaction talk, twice: blocking, and awaiting. Nothing is decided here."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from fhircase.errors import ServerError
from fhircase.rest.message import Interaction, Request, Response, T


def run(
    interaction: Interaction[T],
    send: Callable[[Request], Response],
    sleep: Callable[[float], Any] = time.sleep,
) -> T:
    """Drive an interaction to its value, blocking."""
    try:
        request = next(interaction)
        while True:
            if request.wait:
                sleep(request.wait)
            try:
                response = send(request)
            except ServerError as error:
                request = interaction.throw(error)
            else:
                request = interaction.send(response)
    except StopIteration as stop:
        value: T = stop.value
        return value


async def run_async(
    interaction: Interaction[T],
    send: Callable[[Request], Awaitable[Response]],
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
) -> T:
    """Drive an interaction to its value, awaiting."""
    try:
        request = next(interaction)
        while True:
            if request.wait:
                await sleep(request.wait)
            try:
                response = await send(request)
            except ServerError as error:
                request = interaction.throw(error)
            else:
                request = interaction.send(response)
    except StopIteration as stop:
        value: T = stop.value
        return value
