"""Where one version of a record differs from another, by the paths that a merge names."""

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from fhircase.exchange import lists
from fhircase.exchange.equality import same
from fhircase.model import Coding, Concept, Custom, Identifier, Key, Link, Quantity, Record, Recurrence

ATOMS = (Coding, Concept, Identifier, Key, Link, Quantity, Recurrence)
"""Their parts say one thing together: one side's code with the other side's words would say a third."""


class _Absent:
    """The item is not in the list, or nothing is known of it."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Any = _Absent()


def changed(before: Record, now: Record) -> tuple[str, ...]:
    """The paths at which a record differs from what it was: `title`, `goals[g1].lifecycle`, `goals[]`."""
    return tuple(_object("", before, now))


def _object(around: str, before: BaseModel, now: BaseModel) -> Iterator[str]:
    if isinstance(before, Custom) and isinstance(now, Custom):
        fields = _both(before.said(), now.said())
    else:
        fields = ((name, getattr(before, name), getattr(now, name)) for name in type(now).model_fields)
    yield from _named((f"{around}{name}", was, is_) for name, was, is_ in fields)


def _both(before: dict[str, Any], now: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in dict.fromkeys([*now, *before]):
        yield name, before.get(name, ABSENT), now.get(name, ABSENT)


def _named(places: Iterable[tuple[str, Any, Any]]) -> Iterator[str]:
    for path, was, is_ in places:
        if not same(was, is_):
            yield from _value(path, was, is_)


def _value(path: str, before: Any, now: Any) -> Iterator[str]:
    if isinstance(now, BaseModel) and type(before) is type(now) and not isinstance(now, ATOMS):
        yield from _object(f"{path}.", before, now)
    elif lists.listed(before, now):
        yield from _items(path, {item.id: item for item in before}, {item.id: item for item in now})
    else:
        yield path


def _items(path: str, before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    if lists.moved([*now], [*before]):
        yield f"{path}[]"
    yield from _named((f"{path}[{id_}]", was, is_) for id_, was, is_ in _both(before, now))
