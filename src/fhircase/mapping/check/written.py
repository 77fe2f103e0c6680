"""What a mapping writes, by the resource and the elements it writes it to."""

from collections.abc import Iterator
from dataclasses import dataclass

from fhircase.mapping.kinds.listing import ContainedListing, Listing
from fhircase.mapping.kinds.node import Group
from fhircase.mapping.kinds.related import Forward, Related
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.path import Path
from fhircase.mapping.selector import Step


@dataclass(frozen=True, slots=True)
class Written:
    """A place that a rule writes to, from its resource on."""

    role: str
    steps: tuple[Step, ...]
    listed: tuple[str, ...]
    rule: Rule
    path: Path

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its elements."""
        return tuple(step.name for step in self.steps)


def written(shape: Shape) -> Iterator[Written]:
    """Every place that the rules write to, in resources and in elements of lists; not what lies in named types."""
    yield from _of_shape(shape, "", (), ())


def _of_shape(shape: Shape, role: str, steps: tuple[Step, ...], listed: tuple[str, ...]) -> Iterator[Written]:
    for rule in shape.rules.values():
        yield from _of_rule(rule, role, steps, listed)


def _of_rule(rule: Rule, role: str, steps: tuple[Step, ...], listed: tuple[str, ...]) -> Iterator[Written]:
    inner = [*getattr(rule, "rules", ()), *(each for _, each in getattr(rule, "alternatives", ()))]
    if isinstance(rule, Group):
        yield from _of_shape(rule.shape, role, steps, listed)
        return
    if inner:
        for each in inner:
            yield from _of_rule(each, role, steps, listed)
        return
    for path in rule.places():
        yield _placed(rule, path, role, steps, listed)
    if isinstance(rule, Listing) and not isinstance(rule, ContainedListing):
        below = _placed(rule, rule.path, role, steps, listed)
        if isinstance(rule.each, Shape) and not rule.each.shared:
            yield from _of_shape(rule.each, below.role, below.steps, below.listed)
    if isinstance(rule, Related):
        yield from (_placed(rule.id, path, role, (), ()) for path in rule.id.places())
        if isinstance(rule, Forward):
            around = _placed(rule, rule.path, role, steps, listed)
            yield _placed(rule, rule.at, around.role, around.steps, around.listed)
            yield from _of_shape(rule.shape, around.role, around.steps, around.listed)
        else:
            yield from _of_shape(rule.shape, "", (), ())


def _placed(rule: Rule, path: Path, role: str, steps: tuple[Step, ...], listed: tuple[str, ...]) -> Written:
    if path.role:
        return Written(path.role, path.steps, path.listed, rule, path)
    return Written(role, (*steps, *path.steps), (*listed, *path.listed), rule, path)
