"""Python classes described: pydantic models, dataclasses and typed dicts."""

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typing_extensions import is_typeddict

from fhircase.mapping.models.described import Attribute, Described
from fhircase.model.custom import OrLocal

BARE = (bool, int, float, Decimal, str, date, datetime, time)
_LISTS = (list, tuple, set, frozenset)


@cache
def of_class(model: type) -> Described:
    """The description of a pydantic model, a dataclass or a TypedDict."""
    config = model.model_config if issubclass(model, BaseModel) else {}
    extra = config.get("json_schema_extra")
    return Described(
        model.__name__,
        lambda: {name: _attribute(*each) for name, each in _fields(model).items()},
        single=isinstance(extra, Mapping) and extra.get("maxProperties") == 1,
    )


def describable(model: Any) -> bool:
    """Whether it is a class of which we know how its fields are declared."""
    return isinstance(model, type) and (
        issubclass(model, BaseModel) or dataclasses.is_dataclass(model) or is_typeddict(model)
    )


def _fields(model: type) -> Mapping[str, tuple[Any, ...]]:
    """Annotation by field, whether it is required, its default and its alias."""
    if issubclass(model, BaseModel):
        return {
            name: (_whole(field), field.is_required(), field.default, field.alias or "")
            for name, field in model.model_fields.items()
        }
    hints = typing.get_type_hints(model, include_extras=True)
    if is_typeddict(model):
        needed: frozenset[str] = model.__required_keys__  # type: ignore[attr-defined]
        return {name: (hint, name in needed) for name, hint in hints.items()}
    return {
        field.name: (hints[field.name], _no_default(field), field.default)
        for field in dataclasses.fields(model)  # type: ignore[arg-type]
        if field.init
    }


def _whole(field: FieldInfo) -> Any:
    """A field's type with what pydantic took off it."""
    return typing.Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


def _is_local(annotation: Any) -> bool:
    metadata = getattr(annotation, "__metadata__", ())
    return any(isinstance(each, OrLocal) for each in metadata) or any(map(_is_local, typing.get_args(annotation)))


def _no_default(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _attribute(
    annotation: Any,
    required: bool,  # noqa: FBT001 - as `_fields` says it
    default: Any = None,
    alias: str = "",
) -> Attribute:
    leaves = list(_leaves(annotation))
    words = [word for leaf in leaves for word in _words(leaf) if word is not None]
    bare = {type(word) for word in words} | {kind for leaf in leaves if (kind := _bare(leaf))}
    return Attribute(
        required=required,
        takes=frozenset(bare),
        values=tuple(dict.fromkeys(_text(word) for word in words)),
        local=_is_local(annotation),
        enums=tuple(leaf for leaf in leaves if isinstance(leaf, type) and issubclass(leaf, Enum)),
        objects=tuple(of_class(leaf) for leaf in dict.fromkeys(each for each in leaves if describable(each))),
        many=any(leaf in _LISTS for leaf in leaves),
        alone=_alone(annotation),
        alias=alias,
        nullable=types.NoneType in leaves or any(None in _words(leaf) for leaf in leaves),
        open=Any in leaves or object in leaves,
        default=default if isinstance(default, BARE) and not isinstance(default, Enum) else None,
    )


def _leaves(annotation: Any) -> Iterator[Any]:
    """What an annotation is made of; a list says so, and then what is in it."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if hasattr(annotation, "__supertype__"):
        yield from _leaves(annotation.__supertype__)
    elif hasattr(annotation, "__value__"):
        yield from _leaves(annotation.__value__)
    elif origin is Literal:
        yield annotation
    elif origin in (typing.Annotated, typing.Required, typing.NotRequired):
        yield from _leaves(arguments[0])
    elif origin in (dict, Mapping):
        yield Any
    elif arguments:
        if isinstance(origin, type) and issubclass(origin, typing.Iterable):
            yield list
        for argument in arguments:
            yield from _leaves(argument)
    elif annotation is not Ellipsis:
        yield annotation


def _alone(annotation: Any) -> bool:
    """Whether one of the alternatives is no list."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if inner := getattr(annotation, "__supertype__", getattr(annotation, "__value__", None)):
        return _alone(inner)
    if origin in (typing.Annotated, typing.Required, typing.NotRequired):
        return _alone(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return any(map(_alone, arguments))
    kind = origin or annotation
    listed = isinstance(kind, type) and issubclass(kind, typing.Iterable) and not issubclass(kind, str | Mapping)
    return not (listed and not describable(kind) and not issubclass(kind, Enum)) and kind is not types.NoneType


def _words(leaf: Any) -> tuple[Any, ...]:
    if typing.get_origin(leaf) is Literal:
        return typing.get_args(leaf)
    return tuple(each.value for each in leaf) if isinstance(leaf, type) and issubclass(leaf, Enum) else ()


def _bare(leaf: Any) -> type | None:
    if not isinstance(leaf, type) or issubclass(leaf, Enum):
        return None
    return str if leaf is UUID else next((kind for kind in (bool, datetime, *BARE) if issubclass(leaf, kind)), None)


def _text(word: Any) -> str:
    return str(word).lower() if isinstance(word, bool) else str(word)
