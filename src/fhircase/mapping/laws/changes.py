"""Records with one thing changed, the new value taken from other records of the same kind."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from pydantic import ValidationError

from fhircase.fhir.jsontext import Json
from fhircase.mapping.kinds.rule import alike
from fhircase.model import RECORDS, Record, record_type

Way = tuple[str | int, ...]

_IDENTITY = frozenset({"key", "id", "nature"})
# With another of these, an item is another item: what no rule owns does not stay with it.
_POINTING = frozenset({"record", "identifier", "reference", "codings", "identifiers", "points"})


@dataclass(frozen=True, slots=True)
class Change:
    """A record in which one thing is another."""

    record: Any
    way: Way
    """Where in the record: `("notes", 0, "text")`."""

    @property
    def name(self) -> str:
        """Where, without the numbers of items: `notes.text`."""
        return named(self.way)

    @property
    def whole(self) -> bool:
        """Whether a whole field of the record was changed."""
        return len(self.way) == 1


def named(way: Way) -> str:
    """A place in a record without the numbers of items."""
    return ".".join(part for part in way if isinstance(part, str))


@dataclass
class Donors:
    """The values that records have, by kind and place."""

    values: dict[tuple[str, str], list[Any]] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Let a record give its values."""
        data = record.model_dump(exclude_defaults=True)
        kind = _sort(record)
        places = [((name,), data.get(name)) for name in type(record).model_fields if name not in _IDENTITY]
        for way, value in [*places, *(leaf for leaf in _leaves(data, ()) if len(leaf[0]) > 1)]:
            known = self.values.setdefault((kind, named(way)), [])
            if len(known) < 200 and not _local(value) and not any(alike(value, other) for other in known):
                known.append(value)

    def changes(self, record: Record, dice: Random, each: int = 1) -> Iterator[Change]:
        """The record with each of its fields changed, and with something inside each of them changed."""
        data = record.model_dump(exclude_defaults=True)
        ways: list[Way] = [(name,) for name in type(record).model_fields if name not in _IDENTITY]
        inside = [way for way, _ in _leaves(data, ()) if len(way) > 1 and not _POINTING & set(way)]
        for way in ways + inside:
            for value in self._others(record, way, dice)[:each]:
                if made := _changed(record, data, way, value):
                    yield Change(made, way)

    def _others(self, record: Record, way: Way, dice: Random) -> Sequence[Any]:
        old = _at(record.model_dump(exclude_defaults=True), way)
        able = [other for other in self.values.get((_sort(record), named(way)), ()) if not alike(other, old)]
        return dice.sample(able, len(able))


def _local(value: Any) -> bool:
    """Whether it leads to what its own resource contains, so that nobody else can say it."""
    return any(isinstance(leaf, str) and leaf.startswith("#") for _, leaf in _leaves(value, ()))


def _sort(record: Record) -> str:
    return f"{record_type(record)} {getattr(record, 'nature', '')}".strip()


def _leaves(node: Any, way: Way) -> Iterator[tuple[Way, Any]]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name not in _IDENTITY:
                yield from _leaves(value, (*way, name))
    elif isinstance(node, list | tuple):
        for number, value in enumerate(node):
            yield from _leaves(value, (*way, number))
    else:
        yield way, node


def _at(node: Any, way: Way) -> Any:
    for part in way:
        node = node.get(part) if isinstance(part, str) else node[part]
    return node


def _changed(record: Record, data: Json, way: Way, value: Any) -> Record | None:
    try:
        return RECORDS[record_type(record)].model_validate(_put(data, way, value))
    except ValidationError:
        return None


def _put(node: Any, way: Way, value: Any) -> Any:
    if not way:
        return value
    first, *rest = way
    if isinstance(first, int):
        return [_put(item, tuple(rest), value) if at == first else item for at, item in enumerate(node)]
    made = {**node, first: _put(node.get(first), tuple(rest), value)}
    return {name: inner for name, inner in made.items() if inner is not None}
