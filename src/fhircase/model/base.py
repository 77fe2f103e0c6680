"""The ground every model stands on: frozen, strict, nothing extra, lists of items with distinct ids."""

from functools import cache
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    model_validator,
)

from fhircase.model.custom import Custom


class Value(BaseModel):
    """A frozen value, equal to any other with the same content."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )


class Said(Value):
    """A value that says something: not all of its fields are left at their defaults."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        said = self.__dict__
        for name, default in _defaults(type(self)):
            value = said[name]
            if value is not default and (default is None or value != default):
                return self
        raise ValueError(f"it says nothing: fill at least one of {', '.join(said)}")


@cache
def _defaults(model: type[BaseModel]) -> tuple[tuple[str, Any], ...]:
    return tuple((name, field.default) for name, field in model.model_fields.items())


Text = Annotated[str, StringConstraints(pattern=r"\S")]
"""Any text with at least one visible character."""

Token = Annotated[str, StringConstraints(pattern=r"^\S+(\s\S+)*$")]
"""A code: no white space around it, single white space within."""

Uri = Annotated[str, StringConstraints(pattern=r"^\S+$")]

ItemId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9\-.]{1,64}$")]
"""The stable id of an item inside its record: letters, digits, `-` and `.`."""


ALONE = "-"
"""The id of an item that is a record of its own and is known by its key."""


class Extensible(Value):
    """What a site may add fields of its own to."""

    custom: Custom = Custom()
    """The site's own fields, as its overlay names and types them."""


class Item(Extensible):
    """A part of a record that keeps its identity while its content changes."""

    id: ItemId
    """Stable id of the item inside its record."""


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _distinct(items: tuple[Any, ...]) -> tuple[Any, ...]:
    if any(item.__dict__.get("key") is not None for item in items):
        raise ValueError("an item of a record has an id and no key; with a key it is a record of its own")
    ids = [item.id for item in items]
    if len(set(ids)) != len(ids):
        doubled = sorted({i for i in ids if ids.count(i) > 1})
        raise ValueError(f"ids must be distinct within the list; doubled: {', '.join(doubled)}")
    return items


T = TypeVar("T")
Many = Annotated[tuple[T, ...], BeforeValidator(_as_tuple)]
"""Values in order."""

Items = Annotated[tuple[T, ...], BeforeValidator(_as_tuple), AfterValidator(_distinct)]
"""Items in order, each with its own id."""


def stands_alone_or_not(id: str, key: object, client: object) -> None:
    """Check that something is either an item with an id, or a record of its own with a key and a client."""
    if (key is None) == (id == ALONE):
        raise ValueError("it has an id inside a record, or a key on its own: exactly one of the two")
    if key is None and client is not None:
        raise ValueError("inside a record the client is the record's; leave it out")
