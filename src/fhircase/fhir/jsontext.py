"""JSON in and out without losing a digit: decimals stay as written, order stays as it came."""

import json
from decimal import Decimal, InvalidOperation
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
    except InvalidOperation:
        raise ValueError("JSON is malformed: a number is larger than any computer can hold") from None


def doubled_name(text: bytes, value: Any) -> str | None:
    """A name that stands twice in one object of a JSON text, of which a parser keeps only the last.

    Args:
        text: the JSON text.
        value: what `decode` made of it.

    Source: https://hl7.org/fhir/R4/json.html ("property names SHALL be unique")
    """
    if text.count(b'":') + text.count(b'" :') == _names(value):
        return None
    # The count is off: by a doubled name, or by odd spacing and text that looks like a name.
    doubled: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        doubled.extend(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]

    json.loads(text, object_pairs_hook=look, parse_int=str, parse_float=str)
    return doubled[0] if doubled else None


def _names(value: Any) -> int:
    count, todo = 0, [value]
    while todo:
        each = todo.pop()
        if isinstance(each, dict):
            count += len(each)
            todo += [inner for inner in each.values() if inner.__class__ is not str]
        elif isinstance(each, list):
            todo += each
    return count


def encode(value: Any) -> bytes:
    """Write JSON as compact UTF-8 bytes, `Decimal` as a number."""
    return _encoder.encode(value)


def copy(node: Any) -> Any:
    """A JSON value that shares no object or list with another."""
    if isinstance(node, dict):
        # Most values are text, and a call is what costs here.
        return {key: value if value.__class__ is str else copy(value) for key, value in node.items()}
    if isinstance(node, list):
        return [copy(value) for value in node]
    return node


def pretty(value: Any) -> str:
    """Write JSON for people: indented by two, one trailing newline."""
    return msgspec.json.format(encode(value), indent=2).decode() + "\n"
