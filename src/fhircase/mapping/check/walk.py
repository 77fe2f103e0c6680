"""The rules of a mapping, gone through by its checks."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from fhircase.errors import Problem
from fhircase.mapping.claims import Demand
from fhircase.mapping.kinds.identity import RecordKey
from fhircase.mapping.kinds.listing import ContainedListing
from fhircase.mapping.kinds.node import Group
from fhircase.mapping.kinds.related import Related
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.models.model import Model
from fhircase.mapping.path import Path


@dataclass(frozen=True, slots=True)
class Checked:
    """The rules of a record for one FHIR version, and what they have to agree with."""

    shape: Shape
    model: Model
    exempt: frozenset[str]
    """Fields of the model that need no rule here."""
    types: dict[str, str]
    """Resource type by role."""
    linked: frozenset[str]
    version: str
    at: dict[str, str]
    """`file:line` of the record's own roles, and of the rules under the empty name."""
    always: frozenset[str] = frozenset()
    """Roles of resources that every record has."""
    profiles: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    """`file:line` and the profiles claimed, by role."""
    claims: dict[str, tuple[Demand, ...]] = field(default_factory=dict)
    """What a resource has to have to claim a profile; one that is not here is claimed always."""


def problem(label: str, what: str, hint: str = "") -> Problem:
    """A problem of the rule with that name, `file:line way`."""
    at, _, way = label.partition(" ")
    return Problem(what, source=at, rule=way, hint=hint)


def places(shape: Shape) -> Iterator[Path]:
    """Every place that the rules of a shape own, those of items included; not what lies inside a named type."""
    for rule in shape.rules.values():
        yield from rule.places()
        if isinstance(rule, Related):
            yield from rule.id.places()
        if isinstance(rule, Related | Group):
            yield from places(rule.shape)


def related(shape: Shape) -> Iterator[Related]:
    """The lists of items that are resources, those inside others included."""
    for rule in shape.rules.values():
        if isinstance(rule, Related):
            yield rule
        if isinstance(rule, Related | Group):
            yield from related(rule.shape)


def contained(shape: Shape) -> Iterator[ContainedListing]:
    """The lists of items that are contained resources."""
    for rule in shape.rules.values():
        if isinstance(rule, ContainedListing):
            yield rule
        elif isinstance(rule, Related | Group):
            yield from contained(rule.shape)


def flat(shape: Shape) -> Iterator[Rule]:
    """The rules of a shape, those of groups among them."""
    for rule in shape.rules.values():
        if isinstance(rule, Group):
            yield from flat(rule.shape)
        else:
            yield rule


def key_way(shape: Shape) -> tuple[str, ...] | None:
    """The names that lead to the rule of the record's key, through the groups that it stands in."""
    for name, rule in shape.rules.items():
        if isinstance(rule, RecordKey):
            return (name,)
        if isinstance(rule, Group) and (inner := key_way(rule.shape)):
            return (name, *inner)
    return None


def every(shape: Shape, seen: set[int] | None = None) -> Iterator[Rule]:
    """All rules, those inside others and inside named types included; each once."""
    seen = set() if seen is None else seen
    for rule in shape.rules.values():
        yield from _inside(rule, seen)


def _inside(rule: Rule, seen: set[int]) -> Iterator[Rule]:
    if id(rule) in seen:
        return
    seen.add(id(rule))
    yield rule
    for inner in (getattr(rule, "shape", None), getattr(rule, "each", None), getattr(rule, "identifier", None)):
        if isinstance(inner, Shape):
            yield from every(inner, seen)
        elif isinstance(inner, Rule):
            yield from _inside(inner, seen)
    for each in [*getattr(rule, "rules", ()), *(each for _, each in getattr(rule, "alternatives", ()))]:
        yield from _inside(each, seen)
