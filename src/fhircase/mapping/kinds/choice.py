"""`choice`: one field that stands in one of several places, by what it is: `value[x]`, or text or link."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

from fhircase.mapping.context import Scope
from fhircase.mapping.grammar import SpecError
from fhircase.mapping.kinds.field import Field
from fhircase.mapping.kinds.link import LinkRule
from fhircase.mapping.kinds.node import Node
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule, alike
from fhircase.mapping.path import Path


class Choice(Rule):
    """Alternatives, each with a test of the value it takes."""

    called = "one of several"

    def __init__(self, alternatives: Sequence[tuple[Callable[[Any], bool], Rule]]) -> None:
        self.alternatives = alternatives

    def places(self) -> Iterable[Path]:
        """The places of all alternatives."""
        return [path for _, rule in self.alternatives for path in rule.places()]

    def idle(self) -> bool:
        """When all alternatives are."""
        return all(rule.idle() for _, rule in self.alternatives)

    def value_type(self) -> Any:
        """Any of the alternatives."""
        return reduce(or_, [rule.value_type() for _, rule in self.alternatives])

    def read(self, scope: Scope) -> Any:
        """The first alternative that is there."""
        return next((value for _, rule in self.alternatives if (value := self._at(rule, scope)) is not None), None)

    def _at(self, rule: Rule, scope: Scope) -> Any:
        return rule.read(scope) if next(iter(rule.places())).present(scope) else None

    def write(self, scope: Scope, value: Any) -> None:
        """Write the alternative that takes the value; what was read instead, or would be read before it, goes."""
        if scope.ctx.scratch and value is not None:
            next(rule for takes, rule in self.alternatives if takes(value)).write(scope, value)
            return
        if alike(self.read(scope), value):
            return
        chosen = None
        if value is not None:
            able = [rule for takes, rule in self.alternatives if takes(value)]
            chosen = next((rule for rule in able if self._at(rule, scope) is not None), able[0])
        rules = [rule for _, rule in self.alternatives]
        there = [rule for rule in rules if self._at(rule, scope) is not None]
        before = rules if chosen is None else [*rules[: rules.index(chosen)], *there[:1]]
        for rule in there:
            if rule is not chosen and rule in before:
                rule.write(scope, None)
        if chosen is not None:
            chosen.write(scope, value)


LINK_FIELDS = frozenset({"record", "identifier", "reference", "display"})


def _choice(place: Place, spec: Mapping[str, Any]) -> Rule:
    rules = [place.rule(one) for one in spec["choice"]]
    return Choice([(_takes(rule), rule) for rule in rules])


def _takes(rule: Rule) -> Callable[[Any], bool]:
    if isinstance(rule, LinkRule):
        return lambda value: isinstance(value, dict) and value.keys() <= LINK_FIELDS
    if isinstance(rule, Node):
        return lambda value: isinstance(value, dict) and value.keys() <= rule.shape.rules.keys()
    if isinstance(rule, Field):
        wanted = {"boolean": bool, "integer": int}.get(rule.path.type, str)
        return lambda value: type(value) is wanted
    raise SpecError("a choice is made of fields, links and named types")


KINDS = (Kind("choice", {"choice": "[rule]"}, _choice),)
