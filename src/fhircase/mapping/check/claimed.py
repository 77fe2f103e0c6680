"""The places that each rule of a mapping owns, from their resource on: what lies inside lists and named types included.

A rule owns what stands at a place and all that is inside it, as far as it knows of that: of a reference what says whom
it means, of a named type what its rules say, of a list all items that the selector picks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from fhircase.mapping.check.bound import bound, shapes
from fhircase.mapping.check.exclusion import ENDS
from fhircase.mapping.check.walk import Checked
from fhircase.mapping.kinds.choice import Choice
from fhircase.mapping.kinds.columns import Columns
from fhircase.mapping.kinds.empty import Empty
from fhircase.mapping.kinds.identity import ItemKey, RecordKey
from fhircase.mapping.kinds.link import LinkRule
from fhircase.mapping.kinds.listing import ContainedListing, Listing
from fhircase.mapping.kinds.mirrored import Mirrored
from fhircase.mapping.kinds.needed import Needed
from fhircase.mapping.kinds.node import Group, Node
from fhircase.mapping.kinds.refer import Refer
from fhircase.mapping.kinds.related import Forward, Related
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.kinds.tags import Tags
from fhircase.mapping.path import Path
from fhircase.mapping.selector import Step, Test

There = TypeVar("There", "Owned", "_At")

_REFERENCE = ("reference", "identifier", "type", "display")


@dataclass(frozen=True, slots=True)
class Owned:
    """A place and the rules that own it."""

    role: str
    steps: tuple[Step, ...]
    text: str
    """The path as it is written."""
    rules: tuple[Rule, ...]
    """The rule that says what stands there, after those that it is inside of."""
    single: frozenset[int]
    """The objects around it of which only one field is ever said."""


@dataclass(frozen=True, slots=True)
class _At:
    """Where relative paths start, and inside of which rules."""

    role: str = ""
    steps: tuple[Step, ...] = ()
    rules: tuple[Rule, ...] = ()
    types: tuple[Shape, ...] = ()
    single: frozenset[int] = frozenset()
    whole: bool = False
    """Whether all inside is one owner's: the alternatives of a choice."""
    text: str = ""
    """The path of such an alternative."""


def owned(of: Checked) -> list[Owned]:
    """All places, each with its rules."""
    single = {
        id(inner)
        for rule, field in bound(of.shape, of.model.described)
        for inner in shapes(rule)
        if field.objects and all(each.single for each in field.objects)
    }
    return list(_Walk(single).of_shape(of.shape, _At()))


class _Walk:
    def __init__(self, single: set[int]) -> None:
        self._single = single

    def of_shape(self, shape: Shape, at: _At) -> Iterator[Owned]:
        if shape in at.types:  # a type that has itself inside
            return
        types = (*at.types, shape) if shape.shared else at.types
        at = replace(at, types=types, single=at.single | ({id(shape)} & self._single))
        for rule in shape.rules.values():
            yield from self._of_rule(rule, at)

    def _of_rule(self, rule: Rule, at: _At) -> Iterator[Owned]:
        inside = at if at.whole else replace(at, rules=(*at.rules, rule))
        match rule:
            case Group():
                yield from self.of_shape(rule.shape, at)
            case Empty():
                yield from self._of_rule(rule.inner, at)
            case Mirrored() | Choice():
                for each in [*getattr(rule, "rules", ()), *(each for _, each in getattr(rule, "alternatives", ()))]:
                    yield from self._of_rule(each, replace(inside, whole=True))
            case Needed():
                return
            case _:
                for path in rule.places():
                    yield from _place(rule, path, inside)
                if at.whole and not at.text:
                    inside = replace(inside, text=next((path.text for path in rule.places()), ""))
                yield from self._inside(rule, inside)

    def _inside(self, rule: Rule, at: _At) -> Iterator[Owned]:
        if isinstance(rule, Related):
            for path in rule.id.places():
                yield from _place(rule.id, path, at)
            start = rule.path if isinstance(rule, Forward) else None
            yield from self.of_shape(rule.shape, _from(start, at) if start else at)
        elif isinstance(rule, ContainedListing):
            yield from self._each(rule.each, replace(at, role=f"#{id(rule)}", steps=()))
        elif isinstance(rule, Node):
            yield from self.of_shape(rule.shape, _from(rule.path, at))
        elif isinstance(rule, Listing) and rule.below:
            yield from self._each(rule.each, _below(_from(rule.path, at), rule.below))
        elif isinstance(rule, Listing | Columns):
            yield from self._each(rule.each, _from(rule.path, at))

    def _each(self, each: Rule | Shape, at: _At) -> Iterator[Owned]:
        if isinstance(each, Shape):
            yield from self.of_shape(each, at)
        else:
            yield from self._of_rule(each, at)


def _place(rule: Rule, path: Path, at: _At) -> Iterator[Owned]:
    role, steps = (path.role, path.steps) if path.role else (at.role, (*at.steps, *path.steps))
    claim = Owned(role, steps, at.text or path.text, at.rules, at.single)
    match rule:
        case Tags():
            for code in sorted({code for _, codes in rule.sets for code in codes}):
                yield _with(claim, Test((), "~", code))
        case RecordKey() | ItemKey():
            yield _with(claim, *_numbered(rule))
        case Forward():
            names = tuple((step.name, step.many) for step in rule.at.steps)
            yield _with(claim, Test(names, "is", (rule.kind, rule.kind)))
        case LinkRule() | Refer():
            for name in _REFERENCE:
                yield _below(claim, name)
        case Node():
            return
        case Listing() if rule.below:
            yield _below(claim, rule.below)
        case _:
            yield claim


def _from(path: Path, at: _At) -> _At:
    steps = path.steps if path.role else (*at.steps, *path.steps)
    return replace(at, role=path.role or at.role, steps=steps)


def _below(place: There, name: str) -> There:
    return replace(place, steps=(*place.steps, Step(name, many=False, required=False)))


def _with(claim: Owned, *tests: Test) -> Owned:
    """A claim to those items only that meet the tests, too."""
    *way, last = claim.steps
    return replace(claim, steps=(*way, replace(last, tests=(*last.tests, *tests))))


def _numbered(rule: RecordKey | ItemKey) -> Sequence[Test]:
    """What the identifiers that a key is kept in are known by."""
    system = (("system", False),)
    if own := getattr(rule, "system", ""):
        tests = [Test(system, "=", (own,))]
    else:
        tests = [Test(system, ENDS, (f"/{rule.kind}",))]
    label = getattr(rule, "label", None)
    return [*tests, Test((("type", False),), "~", label)] if label else tests
