"""What can be known to be wrong with a mapping before any value flows.

Every field of the model has a rule and every rule a field; code tables cover the model's enum both ways; every element
that FHIR requires of a resource we write is filled; no two rules own the same place.
"""

import typing
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel

from fhircase.errors import Problem
from fhircase.fhir.elements import elements
from fhircase.mapping.kinds.choice import Choice
from fhircase.mapping.kinds.code import UNSPECIFIED, Code
from fhircase.mapping.kinds.listing import ContainedListing, Listing
from fhircase.mapping.kinds.node import Group, Node
from fhircase.mapping.kinds.related import Related
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.kinds.tags import Tags
from fhircase.mapping.path import Path

# What stands outside the records of their own carries no `id`, what stands inside no `key` and `client`.
_OWN = frozenset({"id"})
_INSIDE = frozenset({"key", "client"})


def problems(
    shape: Shape,
    model: type[BaseModel],
    exempt: frozenset[str],
    types: dict[str, str],
    linked: frozenset[str],
    version: str,
) -> Iterator[Problem]:
    """Everything that is wrong with the rules of a record for one FHIR version."""
    yield from _fields(shape, model, exempt | _OWN)
    yield from _doubled(shape)
    filled = {(path.role, path.steps[0].name) for path in places(shape) if path.steps}
    for role, kind in types.items():
        if role not in linked:
            yield from _unfilled(kind, {name for r, name in filled if r == role}, version)
    for kind, each in _contained(shape):
        inside = {path.steps[0].name for rule in each.rules.values() for path in rule.places() if path.steps}
        yield from _unfilled(kind, inside, version)


def _fields(shape: Shape, model: type[BaseModel], exempt: frozenset[str]) -> Iterator[Problem]:
    for name in model.model_fields.keys() - shape.rules.keys() - exempt:
        yield Problem(f"field `{name}` of {model.__name__} has no rule", hint="add one, in every FHIR version")
    for name, rule in shape.rules.items():
        if not rule.carries:
            continue
        if name not in model.model_fields:
            known = ", ".join(model.model_fields)
            yield Problem(f"{model.__name__} has no field `{name}`", rule=rule.name, hint=f"its fields: {known}")
        else:
            yield from _field(rule, model.model_fields[name].annotation)


def _field(rule: Rule, annotation: Any) -> Iterator[Problem]:
    if isinstance(rule, Code | Tags):
        values = set(rule.table.rows) | rule.table.lacks if isinstance(rule, Code) else set(rule.written)
        yield from _enum(rule, values, set(_literals(annotation)))
        return
    models = list(_models(annotation))
    for inner in _inner(rule):
        able = [model for model in models if model.model_fields.keys() >= inner.rules.keys()]
        for model in models[:1] if len(models) == 1 else able:
            exempt = _INSIDE | (_OWN if isinstance(rule, Related) else frozenset())
            yield from _fields(inner, model, exempt)


def _enum(rule: Rule, rows: set[str], enum: set[str]) -> Iterator[Problem]:
    for value in sorted(enum - rows - {UNSPECIFIED}):
        yield Problem(f"the table has no row for `{value}`", rule=rule.name, hint="every value of the model needs one")
    for value in sorted(rows - enum):
        yield Problem(f"the table has a row for `{value}`, which the model does not know", rule=rule.name)


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


def places(shape: Shape) -> Iterator[Path]:
    """Every place that the rules of a shape own, those of items included; not what lies inside a named type."""
    for rule in shape.rules.values():
        yield from rule.places()
        if isinstance(rule, Related):
            yield from rule.id.places()
        if isinstance(rule, Related | Group):
            yield from places(rule.shape)


def _contained(shape: Shape) -> Iterator[tuple[str, Shape]]:
    for rule in shape.rules.values():
        if isinstance(rule, ContainedListing) and isinstance(rule.each, Shape):
            yield rule.kind, rule.each
        elif isinstance(rule, Related):
            yield from _contained(rule.shape)


def _unfilled(kind: str, filled: set[str], version: str) -> Iterator[Problem]:
    for element in elements(version).below(kind):
        name = element.path.rpartition(".")[2]
        if element.low and name not in filled:
            yield Problem(f"{element.path} is required and no rule fills it", hint="add a constant or map a field")


def _doubled(shape: Shape) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for rule in shape.rules.values():
        for path in {path.text for path in rule.places()} if rule.carries and not isinstance(rule, Group) else ():
            if path in owners:
                yield Problem(f"`{path}` is owned by two rules", rule=rule.name, hint=f"the other: {owners[path]}")
            owners[path] = rule.name
        if isinstance(rule, Group | Related):
            yield from _doubled(rule.shape)
