"""JSON in and out without losing a digit: decimals stay as written, order stays as it came."""

from decimal import Decimal
from typing import Any

import msgspec

Json = dict[str, Any]
"""A JSON object, such as a resource."""

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def decode(text: bytes | str) -> Any:
    """Parse JSON; numbers with a fraction or exponent become `Decimal` (FHIR forbids losing precision).

    Raises:
        ValueError: the text is not JSON; the message says at which byte.

    Source: https://hl7.org/fhir/R4/json.html#decimal
    """
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error


def encode(value: Any) -> bytes:
    """Write JSON as compact UTF-8 bytes, `Decimal` as a number."""
    return _encoder.encode(value)


def copy(node: Any) -> Any:
    """A JSON value that shares no object or list with another."""
    if isinstance(node, dict):
        return {key: copy(value) for key, value in node.items()}
    if isinstance(node, list):
        return [copy(value) for value in node]
    return node


def pretty(value: Any) -> str:
    """Write JSON for people: indented by two, one trailing newline."""
    return msgspec.json.format(encode(value), indent=2).decode() + "\n"
