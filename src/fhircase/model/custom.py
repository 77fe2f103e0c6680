"""Fields and values that a site adds to the models: carried by every record, said on the wire by the site's overlay."""

import re
from collections.abc import Mapping
from typing import Any, Self, get_args

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

NAME = re.compile(r"[a-z][a-z0-9_]*")
LOCAL = r"^local:[a-z0-9][a-z0-9-]*$"


class Custom(BaseModel):
    """A site's own fields: `case.custom.acuity`. Equal when they say the same, typed by an overlay or not yet."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        if wrong := sorted(str(name) for name in given if not NAME.fullmatch(str(name))):
            raise ValueError(f"a name is small letters, digits and _, not `{wrong[0]}`")
        # What says nothing is not there.
        return {name: _frozen(value) for name, value in given.items() if plain(value) not in (None, (), {})}

    @model_validator(mode="after")
    def _hides_nothing(self) -> Self:
        if self.model_extra and (hidden := sorted(self.said().keys() & set(dir(type(self))))):
            raise ValueError(f"`{hidden[0]}` is a word that no custom field can have for a name")
        return self

    def said(self) -> dict[str, Any]:
        """The fields as plain data."""
        return {name: plain(value) for name, value in (self.model_extra or {}).items()}

    def __eq__(self, other: object) -> bool:
        """Whether both say the same."""
        return self is other or (isinstance(other, Custom) and self.said() == other.said())

    def __hash__(self) -> int:
        """By the names alone, for values may be lists."""
        return hash(frozenset(self.model_extra or ()))


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


def plain(value: Any) -> Any:
    """A value as data, whether it is a model or is data already."""
    if isinstance(value, BaseModel):
        return plain(value.model_dump(exclude_defaults=True))
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    return tuple(map(plain, value)) if isinstance(value, list | tuple) else value


class OrLocal:
    """Beside an enum's own values, those that a site adds by rows of its overlay: `local:triage`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The enum, else a text marked as local; what is neither is told as for the enum alone."""
        *most, last = (repr(value) for value in get_args(source))
        return core_schema.union_schema(
            [handler(source), core_schema.str_schema(pattern=LOCAL, strict=True)],
            mode="left_to_right",
            custom_error_type="literal_error",
            custom_error_context={"expected": f"{', '.join(most)} or {last}"},
        )


def is_local(value: Any) -> bool:
    """Whether a value of an enum is one that a site added."""
    return isinstance(value, str) and value.startswith("local:")
