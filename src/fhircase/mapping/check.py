"""What can be known to be wrong with a mapping before any value flows.

Every field of the model has a rule and every rule a field; code tables cover the model's enum both ways; every element
that FHIR requires of a resource we write is filled; no two rules own the same place.
"""

import typing
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel

from fhircase.errors import Problem
from fhircase.fhir.elements import elements
from fhircase.mapping.grammar import near
from fhircase.mapping.kinds.choice import Choice
from fhircase.mapping.kinds.code import UNSPECIFIED, Code
from fhircase.mapping.kinds.field import Field
from fhircase.mapping.kinds.flag import Flag
from fhircase.mapping.kinds.identity import RecordKey
from fhircase.mapping.kinds.listing import ContainedListing, Listing
from fhircase.mapping.kinds.node import Group, Node
from fhircase.mapping.kinds.refers import Refers
from fhircase.mapping.kinds.related import Related
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.kinds.tags import Tags
from fhircase.mapping.path import Path

# What stands outside the records of their own carries no `id`, what stands inside no `key` and `client`.
_OWN = frozenset({"id"})
_INSIDE = frozenset({"key", "client"})
# As what a bare FHIR value is read, where not as text.
_BARE: dict[str, type] = {
    "boolean": bool,
    "decimal": Decimal,
    "integer": int,
    "positiveInt": int,
    "unsignedInt": int,
}


@dataclass(frozen=True, slots=True)
class Checked:
    """The rules of a record for one FHIR version, and what they have to agree with."""

    shape: Shape
    model: type[BaseModel]
    exempt: frozenset[str]
    """Fields of the model that need no rule here."""
    types: dict[str, str]
    """Resource type by role."""
    linked: frozenset[str]
    version: str
    at: dict[str, str]
    """`file:line` of the record's own roles, and of the rules under the empty name."""


def problems(of: Checked) -> Iterator[Problem]:
    """Everything that is wrong with the rules of a record for one FHIR version."""
    if not isinstance(of.shape.rules.get("key"), RecordKey):
        yield _problem(of.at[""], "the record has no key", "add `key: {key: role.identifier, kind: ...}`")
    yield from _fields(of.shape, of.model, of.exempt | _OWN | {"key"}, of.at[""])
    yield from _doubled(of.shape)
    yield from _refers(of.shape)
    at = {**of.at, **{rule.role: rule.name for rule in _related(of.shape)}}
    filled = {(path.role, path.steps[0].name) for path in places(of.shape) if path.steps}
    for role, kind in of.types.items():
        if role not in of.linked:
            yield from _unfilled(kind, {name for r, name in filled if r == role}, of.version, at[role])
    for rule in _contained(of.shape):
        rules = rule.each.rules if isinstance(rule.each, Shape) else {}
        inside = {path.steps[0].name for each in rules.values() for path in each.places() if path.steps}
        yield from _unfilled(rule.kind, inside, of.version, rule.name)


def _problem(label: str, what: str, hint: str = "") -> Problem:
    """A problem of the rule with that name, `file:line way`."""
    at, _, way = label.partition(" ")
    return Problem(what, source=at, rule=way, hint=hint)


def _fields(shape: Shape, model: type[BaseModel], exempt: frozenset[str], at: str) -> Iterator[Problem]:
    for name in [name for name in model.model_fields if name not in shape.rules.keys() | exempt]:
        yield _problem(at, f"field `{name}` of {model.__name__} has no rule", "add one, in every FHIR version")
    for name, rule in shape.rules.items():
        if not rule.carries:
            continue
        if name not in model.model_fields:
            hint = f"its fields: {', '.join(model.model_fields)}"
            yield _problem(rule.name, f"{model.__name__} has no field `{name}`{near(name, model.model_fields)}", hint)
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
            exempt = _INSIDE | (_OWN if isinstance(rule, Related) else frozenset())
            yield from _fields(inner, model, exempt, rule.name)


def _bare(rule: Field | Flag, annotation: Any) -> Iterator[Problem]:
    fhir = rule.path.type if isinstance(rule, Field) else "boolean"
    if (kind := _BARE.get(fhir, str)) not in set(_leaves(annotation)):
        takes = " or ".join(sorted({each.__name__ for each in _leaves(annotation)} - {"NoneType"}))
        what = f"`{rule.path.text}` is a {fhir}, and the field takes {takes}"
        yield _problem(rule.name, what, f"a {fhir} is read as {kind.__name__}")


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
        yield _problem(rule.name, f"the table has no row for `{value}`", "every value of the model needs one")
    for value in sorted(rows - enum):
        what = f"the table has a row for `{value}`, which the model does not know{near(value, enum)}"
        yield _problem(rule.name, what)


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


def _related(shape: Shape) -> Iterator[Related]:
    for rule in shape.rules.values():
        if isinstance(rule, Related):
            yield rule
        if isinstance(rule, Related | Group):
            yield from _related(rule.shape)


def _contained(shape: Shape) -> Iterator[ContainedListing]:
    for rule in shape.rules.values():
        if isinstance(rule, ContainedListing):
            yield rule
        elif isinstance(rule, Related | Group):
            yield from _contained(rule.shape)


def _unfilled(kind: str, filled: set[str], version: str, at: str) -> Iterator[Problem]:
    for element in elements(version).below(kind):
        name = element.path.rpartition(".")[2]
        if element.low and name not in filled:
            yield _problem(at, f"{element.path} is required and no rule fills it", "add a constant or map a field")


def _doubled(shape: Shape) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for rule in _flat(shape):
        for path in sorted({path.text for path in rule.places()}) if rule.carries else ():
            if path in owners:
                yield _problem(rule.name, f"`{path}` is owned by two rules", f"the other: {owners[path]}")
            owners[path] = rule.name
    for each in _related(shape):
        yield from _doubled(each.shape)


def _flat(shape: Shape) -> Iterator[Rule]:
    """The rules of a shape, those of groups among them."""
    for rule in shape.rules.values():
        if isinstance(rule, Group):
            yield from _flat(rule.shape)
        else:
            yield rule


def _refers(shape: Shape, known: frozenset[str] = frozenset()) -> Iterator[Problem]:
    known |= {rule.items for rule in shape.rules.values() if isinstance(rule, Related)}
    for rule in _flat(shape):
        inner = rule.shape if isinstance(rule, Related) else getattr(rule, "each", None)
        if isinstance(rule, Refers) and rule.items not in known:
            yield _problem(rule.name, f"no list of resources is called `{rule.items}`{near(rule.items, known)}")
        elif isinstance(inner, Shape):
            yield from _refers(inner, known)
