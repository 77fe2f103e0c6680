"""Every field of the model has a rule and every rule a field that can take what it reads."""

import typing
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel

from fhircase.errors import Problem
from fhircase.mapping.check.walk import problem
from fhircase.mapping.grammar import near
from fhircase.mapping.kinds.choice import Choice
from fhircase.mapping.kinds.code import UNSPECIFIED, Code
from fhircase.mapping.kinds.field import Field
from fhircase.mapping.kinds.flag import Flag
from fhircase.mapping.kinds.listing import Listing
from fhircase.mapping.kinds.node import Group, Node
from fhircase.mapping.kinds.related import Related
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.kinds.tags import Tags

# What stands outside the records of their own carries no `id`, what stands inside no `key` and `client`.
OWN = frozenset({"id"})
_INSIDE = frozenset({"key", "client"})
# As what a bare FHIR value is read, where not as text.
_BARE: dict[str, type] = {
    "boolean": bool,
    "decimal": Decimal,
    "integer": int,
    "positiveInt": int,
    "unsignedInt": int,
}


def fields(shape: Shape, model: type[BaseModel], exempt: frozenset[str], at: str) -> Iterator[Problem]:
    """What is wrong with the fields of an object of the model and the rules for them."""
    for name in [name for name in model.model_fields if name not in shape.rules.keys() | exempt]:
        yield problem(at, f"field `{name}` of {model.__name__} has no rule", "add one, in every FHIR version")
    for name, rule in shape.rules.items():
        if not rule.carries:
            continue
        if name not in model.model_fields:
            hint = f"its fields: {', '.join(model.model_fields)}"
            yield problem(rule.name, f"{model.__name__} has no field `{name}`{near(name, model.model_fields)}", hint)
        else:
            yield from _field(rule, model.model_fields[name].annotation)


def _field(rule: Rule, annotation: Any) -> Iterator[Problem]:
    if isinstance(rule, Code | Tags):
        values = set(rule.table.rows) | rule.table.lacks if isinstance(rule, Code) else set(rule.written)
        yield from _enum(rule, values, set(_literals(annotation)))
        return
    if isinstance(rule, Field | Flag):
        yield from _bare(rule, annotation)
    models = list(_models(annotation))
    for inner in _inner(rule):
        able = [model for model in models if model.model_fields.keys() >= inner.rules.keys()]
        for model in models[:1] if len(models) == 1 else able:
            exempt = _INSIDE | (OWN if isinstance(rule, Related) else frozenset())
            yield from fields(inner, model, exempt, rule.name)


def _bare(rule: Field | Flag, annotation: Any) -> Iterator[Problem]:
    fhir = rule.path.type if isinstance(rule, Field) else "boolean"
    if (kind := _BARE.get(fhir, str)) not in set(_leaves(annotation)):
        takes = " or ".join(sorted({each.__name__ for each in _leaves(annotation)} - {"NoneType"}))
        what = f"`{rule.path.text}` is a {fhir}, and the field takes {takes}"
        yield problem(rule.name, what, f"a {fhir} is read as {kind.__name__}")


def _leaves(annotation: Any) -> Iterator[type]:
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is Literal:
        yield from {type(word) for word in arguments}
    elif typing.get_origin(annotation) is typing.Annotated:
        yield from _leaves(arguments[0])
    elif arguments:
        for argument in arguments:
            yield from _leaves(argument)
    elif isinstance(annotation, type):
        yield annotation


def _enum(rule: Rule, rows: set[str], enum: set[str]) -> Iterator[Problem]:
    for value in sorted(enum - rows - {UNSPECIFIED}):
        yield problem(rule.name, f"the table has no row for `{value}`", "every value of the model needs one")
    for value in sorted(rows - enum):
        what = f"the table has a row for `{value}`, which the model does not know{near(value, enum)}"
        yield problem(rule.name, what)


def _inner(rule: Rule) -> Iterator[Shape]:
    if isinstance(rule, Node | Group | Related):
        yield rule.shape
    elif isinstance(rule, Listing):
        if isinstance(rule.each, Shape):
            yield rule.each
    elif isinstance(rule, Choice):
        for _, alternative in rule.alternatives:
            yield from _inner(alternative)


def _literals(annotation: Any) -> Iterator[str]:
    if typing.get_origin(annotation) is Literal:
        yield from typing.get_args(annotation)
    else:
        for argument in typing.get_args(annotation):
            yield from _literals(argument)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models(argument)
