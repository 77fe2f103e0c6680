"""Every element that FHIR requires of a resource we write is filled."""

from collections.abc import Iterator

from fhircase.errors import Problem
from fhircase.fhir.elements import elements
from fhircase.mapping.check.walk import Checked, contained, places, problem, related
from fhircase.mapping.kinds.rule import Shape


def required(of: Checked) -> Iterator[Problem]:
    """Elements that FHIR requires and no rule fills."""
    at = {**of.at, **{rule.role: rule.name for rule in related(of.shape)}}
    filled = {(path.role, path.steps[0].name) for path in places(of.shape) if path.steps}
    for role, kind in of.types.items():
        if role not in of.linked:
            yield from _unfilled(kind, {name for r, name in filled if r == role}, of.version, at[role])
    for rule in contained(of.shape):
        rules = rule.each.rules if isinstance(rule.each, Shape) else {}
        inside = {path.steps[0].name for each in rules.values() for path in each.places() if path.steps}
        yield from _unfilled(rule.kind, inside, of.version, rule.name)


def _unfilled(kind: str, filled: set[str], version: str, at: str) -> Iterator[Problem]:
    for element in elements(version).below(kind):
        name = element.path.rpartition(".")[2]
        if element.low and name not in filled:
            yield problem(at, f"{element.path} is required and no rule fills it", "add a constant or map a field")
