"""What a site adds to the models: the types of its `custom.*` fields follow from their rules.

What a record carries and no rule of the overlays in force says is refused, and never lost.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from fhircase.errors import Problem
from fhircase.mapping.grammar import near
from fhircase.mapping.kinds.code import Code
from fhircase.mapping.kinds.listing import Listing
from fhircase.mapping.kinds.node import Group
from fhircase.mapping.kinds.related import Related
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.kinds.tags import Tags
from fhircase.model import Custom

CUSTOM = "custom"

Level = tuple["Sayable", dict[str, Any], str]
"""What rules say of an object, the object's data, and the way to it."""


class Sayable:
    """The custom fields and the values of enums that the rules of an object say, and of the objects in it."""

    def __init__(self, shape: Shape, *, ours: bool = True) -> None:
        self.ours = ours
        """Whether it is an object of our records; in a model of somebody else's `custom` is a field like any other."""
        group = shape.rules.get(CUSTOM)
        self.custom = (group.shape if isinstance(group, Group) else Shape({})).value_type()
        self.enums: dict[str, Collection[str]] = {
            name: rule.table.rows.keys() | rule.table.lacks if isinstance(rule, Code) else rule.written.keys()
            for name, rule in shape.rules.items()
            if isinstance(rule, Code | Tags)
        }
        inner = {name: _inside(rule) for name, rule in shape.rules.items() if name != CUSTOM}
        self.inner: dict[str, Sayable] = {name: found for name, found in inner.items() if found is not None}

    @cached_property
    def extended(self) -> bool:
        """Whether it, or an object in it, has custom fields."""
        return bool(self.custom.model_fields) or any(inner.extended for inner in self.inner.values())

    def levels(self, data: dict[str, Any], path: str = "") -> Iterator[Level]:
        """The object and every one in it that rules say."""
        yield self, data, path
        for name, inner in self.inner.items():
            found = data.get(name)
            if isinstance(found, dict):
                yield from inner.levels(found, f"{path}{name}.")
            elif isinstance(found, tuple):
                for at, item in enumerate(found):
                    yield from inner.levels(item, f"{path}{name}[{item.get('id', at)}].")

    def typed(self, data: dict[str, Any], path: str) -> Iterator[Problem]:
        """Give the custom fields of an object their types; what does not fit is told."""
        given = data[CUSTOM]
        fields = self.custom.model_fields
        for name in [name for name in given if name not in fields]:
            hint = "name the overlay that adds it" + near(name, fields)
            known = _known(fields) if fields else "no overlay in force adds one here"
            yield Problem("no rule says this field", f"{path}custom.{name}", known, hint)
        try:
            made = self.custom.model_validate({name: value for name, value in given.items() if name in fields})
        except ValidationError as error:
            for each in error.errors(include_url=False, include_input=False):
                what = str(each["msg"]).removeprefix("Value error, ").replace("Input should be", "should be")
                yield Problem(what, ".".join([f"{path}custom", *map(str, each["loc"])]), "its rule in the overlay")
        else:
            # In the order of the rules: that of a set is another one each time.
            data[CUSTOM] = Custom(**{name: getattr(made, name) for name in fields if name in made.model_fields_set})

    def unsaid(self, data: dict[str, Any], path: str) -> Iterator[Problem]:
        """The values of enums that no table has a row for."""
        for name, known in self.enums.items():
            if (value := data.get(name)) is not None and value not in known:
                hint = "name the overlay that adds the row"
                yield Problem("no row of the table says this value", f"{path}{name}", _known(known), hint)


def read_as_typed(sayable: Sayable, data: dict[str, Any]) -> list[Problem]:
    """Give all custom fields that were read their types."""
    looked = sayable.ours and sayable.extended
    found = [level for level in sayable.levels(data) if level[1].get(CUSTOM)] if looked else []
    return [problem for level, values, path in found for problem in level.typed(values, path)]


def unsaid(sayable: Sayable, data: dict[str, Any]) -> list[Problem]:
    """What of a record's data cannot be written, for nothing says it; custom fields become plain data."""
    problems: list[Problem] = []
    for level, values, path in sayable.levels(data):
        problems += level.unsaid(values, path)
        if CUSTOM in values:
            problems += level.typed(values, path)
            if isinstance(values[CUSTOM], Custom):
                values[CUSTOM] = values[CUSTOM].said()
    return problems


def _known(known: Mapping[str, Any] | Collection[str]) -> str:
    return f"known: {', '.join(sorted(known))}"


def _inside(rule: Rule) -> Sayable | None:
    """Of the objects below; nothing where they can hold neither custom fields nor values of a site."""
    shape = rule.shape if isinstance(rule, Related | Group) else rule.each if isinstance(rule, Listing) else None
    if not isinstance(shape, Shape) or shape.shared:
        return None
    found = Sayable(shape)
    return None if isinstance(rule, Group) and not found.enums and not found.inner else found
