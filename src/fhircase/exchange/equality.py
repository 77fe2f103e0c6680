"""Equal to the last digit and to the type: 72.5 is not 72.50, and true is not 1."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from fhircase.model import Custom


def _fields(value: Any) -> dict[str, Any]:
    if isinstance(value, Custom):
        return value.said()
    return value if isinstance(value, dict) else vars(value)


def same(one: Any, other: Any) -> bool:
    """Whether two values of a record mean and say the same."""
    kind = one.__class__
    if one is other or kind is not other.__class__:
        return one is other
    # Whole records are compared this way, again and again: what there is most of comes first.
    if kind is str:
        return bool(one == other)
    if kind is tuple:
        return len(one) == len(other) and all(map(same, one, other))
    if issubclass(kind, BaseModel | dict):
        return _alike(_fields(one), _fields(other))
    if kind is Decimal:
        return bool(one.as_tuple() == other.as_tuple())
    return bool(one == other)


def _alike(mine: Mapping[str, Any], yours: Mapping[str, Any]) -> bool:
    if mine.keys() != yours.keys():
        return False
    for name, value in mine.items():
        other = yours[name]
        # Most fields say nothing, on both sides.
        if value is not other and not same(value, other):
            return False
    return True
