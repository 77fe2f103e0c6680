"""Several places for one field: the first that speaks is believed, all are written, disagreement is reported."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from fhircase.mapping.context import Scope
from fhircase.mapping.kinds.rule import Rule, alike
from fhircase.mapping.path import Path


class Mirrored(Rule):
    """The same kind of rule at several places."""

    called = "same in several places"

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules

    def places(self) -> Iterable[Path]:
        """All of them, the authoritative one first."""
        return [path for rule in self.rules for path in rule.places()]

    def idle(self) -> bool:
        """When all of its rules are."""
        return all(rule.idle() for rule in self.rules)

    def value_type(self) -> Any:
        """As at each of the places."""
        return self.rules[0].value_type()

    def read(self, scope: Scope) -> Any:
        """What the first place that speaks says."""
        found = [value for rule in self.rules if (value := self._at(rule, scope)) is not None]
        if any(not alike(found[0], other) for other in found[1:]):
            scope.ctx.remark("places that should say the same disagree; the first is believed", _texts(self))
        return found[0] if found else None

    def _at(self, rule: Rule, scope: Scope) -> Any:
        return rule.read(scope) if next(iter(rule.places())).present(scope) else None

    def write(self, scope: Scope, value: Any) -> None:
        """Write to every place whose resource is there; to the first where none is."""
        changed = scope.ctx.scratch or not alike(self.read(scope), value)
        there = [rule for rule in self.rules if next(iter(rule.places())).present(scope)]
        for rule in there or (self.rules[:1] if value is not None else []):
            if changed or next(iter(rule.places())).fresh(scope):
                rule.write(scope, value)


def _texts(rule: Rule) -> str:
    return ", ".join(path.text for path in rule.places())


def everywhere(texts: Any, make: Callable[[str], Rule]) -> Rule:
    """The rule at one path, or the same at several."""
    rules = [make(text) for text in (texts if isinstance(texts, list) else [texts])]
    return rules[0] if len(rules) == 1 else Mirrored(rules)
