"""A model that a mapping is bound to: its description, and how plain data becomes a record of it and back."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import BaseModel, PydanticUserError, TypeAdapter, ValidationError

from fhircase.mapping.grammar import SpecError, near
from fhircase.mapping.models.classes import describable, of_class
from fhircase.mapping.models.described import Described
from fhircase.mapping.models.fitting import Unfit, fitted, plain
from fhircase.mapping.models.schemas import SchemaDescription
from fhircase.model import RECORDS
from fhircase.model.plain import plain as plain_data


@dataclass(frozen=True, slots=True)
class Model:
    """What a mapping carries."""

    described: Described
    load: Callable[[dict[str, Any]], Any]
    """A record of plain data as rules read it; raises Unfit."""
    dump: Callable[[Any], dict[str, Any]]
    """The plain data of a record, as rules write it; raises Unfit."""
    ours: bool = False
    """Whether it is one of our records, which are pushed and pulled."""


@cache
def ours(kind: str) -> Model:
    """One of our kinds of record."""
    model: type[BaseModel] = RECORDS[kind]

    def load(data: dict[str, Any]) -> Any:
        try:
            return model.model_validate(data)
        except ValidationError as error:
            raise _unfit(error) from None

    return Model(of_class(model), load, plain_data, ours=True)


def of_code(name: str) -> Model:
    """A class of somebody else's, `package.module:Class`; its module is imported.

    Raises:
        SpecError: it is not there, or is no class with declared fields.
    """
    module, mark, attribute = name.partition(":")
    if not mark:
        raise SpecError(f"`{name}` names no class: write `package.module:Class`")
    try:
        home = import_module(module)
    except ImportError as error:
        raise SpecError(f"`{module}` cannot be imported: {error}; run this where Python finds it") from None
    found = getattr(home, attribute, None)
    if found is None:
        raise SpecError(f"`{module}` has no `{attribute}`{near(attribute, vars(home))}")
    if not describable(found):
        raise SpecError(f"`{name}` is no pydantic model, dataclass or TypedDict")
    return _of_class(found)


def _of_class(model: type) -> Model:
    described = of_class(model)
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(model)
    except PydanticUserError as error:
        raise SpecError(f"`{model.__name__}` has a field of which pydantic knows no type: {error.message}") from None

    def load(data: dict[str, Any]) -> Any:
        try:
            return adapter.validate_python(fitted(data, described), by_alias=False, by_name=True)
        except ValidationError as error:
            raise Unfit([(described.way(way), what) for way, what in _unfit(error).errors]) from None

    def dump(record: Any) -> dict[str, Any]:
        if isinstance(record, dict):
            record = load(record)
        elif not isinstance(record, model):
            raise Unfit([((), f"no {model.__name__}")])
        return dict(plain(adapter.dump_python(record, by_alias=False)))

    return Model(described, load, dump)


def of_schema(file: Path) -> Model:
    """Plain dicts that keep to a JSON Schema.

    Raises:
        SpecError: there is no such file, or it is no JSON Schema.
    """
    from jsonschema import SchemaError  # noqa: PLC0415 - needed by those who have a schema
    from jsonschema.validators import validator_for  # noqa: PLC0415

    try:
        document = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise SpecError(f"`{file.name}` cannot be read as JSON: {error}") from None
    kind = validator_for(document)
    try:
        kind.check_schema(document)
    except SchemaError as error:
        raise SpecError(f"`{file.name}` is no JSON Schema: {error.message} at {error.json_path}") from None
    described = SchemaDescription(document, file.name.partition(".")[0]).described
    validator = kind(document)

    def load(data: Mapping[str, Any]) -> dict[str, Any]:
        made = fitted(data, described)
        if wrong := [(tuple(each.absolute_path), _told(each)) for each in validator.iter_errors(made)]:
            raise Unfit(wrong)
        return made

    return Model(described, load, lambda record: dict(plain(load(record))))


def _told(error: Any) -> str:
    """What a schema demands; never the value, which may be a person's."""
    if error.validator == "required":
        return str(error.message)
    return f"does not keep to the schema's `{error.validator}: {error.validator_value}`"


def _unfit(error: ValidationError) -> Unfit:
    return Unfit([(each["loc"], each["msg"]) for each in error.errors(include_input=False, include_url=False)])
