"""What holds the values that are written: a model, whose attributes are read as they are, or plain data."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from fhircase.mapping.kinds.code import UNSPECIFIED, Code
from fhircase.mapping.kinds.rule import Shape
from fhircase.mapping.straight.source import Unstraight, Unusual, literal
from fhircase.model import Custom

_Class = type[BaseModel]


@dataclass(frozen=True)
class Held:
    """The fields of one object: their defaults, which say nothing, and the models that their values may be."""

    model: _Class | None = None
    """None where it is plain data."""
    default: Any = None
    """Of the field at hand."""
    classes: tuple[_Class, ...] = field(default=())
    """The models that the value of the field at hand may be."""

    def at(self, name: str) -> "Held":
        """The same at one of its fields."""
        known = self.model.model_fields.get(name) if self.model else None
        if known is None:
            return Held(self.model)
        return Held(self.model, None if known.is_required() else known.default, tuple(_classes(known.annotation)))

    def within(self, shape: Shape) -> "Held":
        """What holds the fields of a value of the field at hand.

        Raises:
            Unstraight: no model of the field's has what the shape carries.
        """
        if self.model is None:
            return self
        able = [each for each in self.classes if shape.fields.keys() <= each.model_fields.keys()]
        if not able:
            raise Unstraight
        return Held(min(able, key=lambda each: len(each.model_fields)))

    def says(self, value: str) -> str:
        """Whether a value says something: it is not what the field holds anyway."""
        if self.default is None or self.model is None:
            return f"{value} is not None"
        if self.default == () or self.default is False:
            return value
        if not isinstance(self.default, str):
            raise Unstraight
        return f"{value} != {literal(self.default)}"

    def data(self, value: str) -> str:
        """The fields of an object, by name."""
        return value if self.model is None else f"{value}.__dict__"

    @cached_property
    def custom(self) -> bool:
        """Whether it may hold fields of a site's own."""
        return self.model is not None and "custom" in self.model.model_fields


def _classes(annotation: Any) -> Iterator[_Class]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _classes(inner)


class Rows(dict[str | None, Any]):
    """What is written for each value of an enum; a value that none of them says is told by the rules."""

    def __missing__(self, value: str | None) -> Any:
        raise Unusual


def rows(rule: Code) -> Rows:
    """The codes of each value, at each of the places."""
    nothing = (None,) * len(rule.paths)
    said = Rows(dict.fromkeys((*rule.table.lacks, UNSPECIFIED), nothing) | rule.table.rows)
    said[None] = said[UNSPECIFIED]
    return said


def said_by(shape: Shape) -> Callable[[Custom], dict[str, Any]]:
    """Makes plain data of a site's own fields, typed by their rules; what these do not say is told by the rules."""
    fields = shape.value_type()

    def said(custom: Custom) -> dict[str, Any]:
        given = custom.said()
        if not given:
            return given
        if not given.keys() <= fields.model_fields.keys():
            raise Unusual
        try:
            made = fields.model_validate(given)
        except ValidationError:
            raise Unusual from None
        return Custom(**{name: getattr(made, name) for name in given}).said()

    return said
