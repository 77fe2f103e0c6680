"""What fields a model has: the one description that rules are checked against, whatever the model is written in."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any


@dataclass(frozen=True, slots=True)
class Attribute:
    """One field of a model."""

    required: bool = False
    """Whether a record cannot be made without it."""
    takes: frozenset[type] = frozenset()
    """The types of the bare values it takes: str, bool, int, float, Decimal, date, datetime, time."""
    values: tuple[str, ...] = ()
    """The words it takes, where these and no others."""
    local: bool = False
    """Whether a site may add words of its own to these."""
    enums: tuple[type[Enum], ...] = ()
    """The enums whose values those are."""
    objects: tuple["Described", ...] = ()
    """The objects it takes, by itself or as items."""
    many: bool = False
    """Whether it takes a list."""
    alone: bool = True
    """Whether it takes a value that is no list."""
    nullable: bool = False
    """Whether it takes None."""
    alias: str = ""
    """Another name for it, as pydantic's `alias` gives one; data may use either."""
    open: bool = False
    """Whether it takes anything, so that nothing can be checked."""
    default: Any = None
    """The bare value that it has where nothing is said."""
    format: str = ""
    """The form of its text, as JSON Schema names it: `date`, `date-time`, `uri`."""

    @property
    def names(self) -> list[str]:
        """What it takes, for messages."""
        return sorted({kind.__name__ for kind in self.takes} | {each.name for each in self.objects})


class Described:
    """An object of a model: its name and its fields."""

    def __init__(self, name: str, fields: Callable[[], Mapping[str, Attribute]], *, single: bool = False) -> None:
        self.name = name
        self.single = single
        """Whether an object says only one of its fields (`maxProperties: 1`)."""
        # Made when asked for: an object may have items of its own kind.
        self._fields = fields

    @cached_property
    def fields(self) -> Mapping[str, Attribute]:
        """The fields, by name."""
        return self._fields()

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """Field by its other name."""
        return {field.alias: name for name, field in self.fields.items() if field.alias}

    def knows(self, names: AbstractSet[str]) -> bool:
        """Whether all of these are names of its fields."""
        return self.fields.keys() | self.aliases.keys() >= names

    def way(self, way: Sequence[str | int]) -> tuple[str | int, ...]:
        """A way to a value inside, by the names of the fields where it has their other names."""
        named, here = list[str | int](), [self]
        for step in way:
            name = next((each.aliases[str(step)] for each in here if step in each.aliases), step)
            named.append(name)
            if isinstance(name, str):
                here = [inner for each in here if name in each.fields for inner in each.fields[name].objects]
        return tuple(named)
