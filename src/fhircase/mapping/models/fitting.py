"""Values as rules see them (text, whole numbers, decimals, true and false) and as a model has them, both ways."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any
from uuid import UUID

from fhircase.mapping.models.described import Attribute, Described

_WHOLE = re.compile(r"-?(0|[1-9]\d*)", re.ASCII)
_BOOLEANS = {"true": True, "false": False}
_CLOCKS: tuple[type[date] | type[time], ...] = (datetime, date, time)


class Unfit(Exception):
    """Data does not fit a model: each error with its place, and without the data."""

    def __init__(self, errors: list[tuple[tuple[Any, ...], str]]) -> None:
        super().__init__()
        self.errors = errors


def plain(value: Any, way: tuple[Any, ...] = ()) -> Any:
    """A value of a model as rules see it; None and empty lists say nothing.

    Raises:
        Unfit: it is a date-time without an offset, or no number.
    """
    if isinstance(value, Mapping):
        inner = {name: plain(each, (*way, name)) for name, each in value.items()}
        return {name: each for name, each in inner.items() if each is not None and each not in ((), {})}
    if isinstance(value, list | tuple | AbstractSet):
        items = sorted(value, key=str) if isinstance(value, AbstractSet) else value
        return tuple(plain(each, (*way, at)) for at, each in enumerate(items))
    if isinstance(value, Enum):
        return plain(value.value, way)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise Unfit([(way, "a date-time needs an offset")])
    if isinstance(value, float) and not Decimal(value).is_finite():
        raise Unfit([(way, "no number")])
    if isinstance(value, date | time):
        return value.isoformat()
    return Decimal(str(value)) if isinstance(value, float) else str(value) if isinstance(value, UUID) else value


def fitted(data: Mapping[str, Any], model: Described) -> dict[str, Any]:
    """What rules have read, as the model takes it; what cannot be fitted is left for the model to refuse."""
    fields = model.fields
    data = {model.aliases.get(name, name): value for name, value in data.items()} if model.aliases else data
    made = {name: _fit(value, fields[name]) if name in fields else value for name, value in data.items()}
    for name, field in fields.items():
        # Nothing was said of it, and the model has no default that says so.
        if name not in made and field.required and (field.many or field.nullable):
            made[name] = [] if field.many else None
    return made


def _fit(value: Any, field: Attribute) -> Any:
    if isinstance(value, Mapping):
        model = next((each for each in field.objects if each.knows(value.keys())), *(field.objects[:1] or [None]))
        return fitted(value, model) if model else dict(value)
    if isinstance(value, list | tuple):
        return [_fit(each, field) for each in value]
    for enum in field.enums:
        for member in enum:
            if _same(member.value, value):
                return member
    if isinstance(value, str) and str not in field.takes:
        return _of_text(value, field.takes)
    if isinstance(value, Decimal) and Decimal not in field.takes and float in field.takes:
        return float(value)
    return value


def _same(one: Any, other: Any) -> bool:
    # A code table says numbers and flags in words.
    return one == other or (isinstance(other, str) and text(one) == other)


def text(value: Any) -> str:
    """A bare value as a code table writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _of_text(value: str, takes: frozenset[type]) -> Any:
    if bool in takes and value in _BOOLEANS:
        return _BOOLEANS[value]
    if int in takes and _WHOLE.fullmatch(value):
        return int(value)
    try:
        if Decimal in takes or float in takes:
            number = Decimal(value)
            return number if Decimal in takes else float(number)
        for clock in _CLOCKS:
            if clock in takes:
                return clock.fromisoformat(value)
    except (ValueError, InvalidOperation):
        pass
    return value
