"""`tags`: an enum of the model, said by concepts in a list that holds others too, such as `category`.

Each value has the sets of codes that say it: the first is written, all are read. A set is said when all its codes are
there; the larger set wins over the smaller.
"""

from collections.abc import Sequence
from typing import Any

from fhircase.fhir.jsontext import Json
from fhircase.mapping.context import Fate, Scope
from fhircase.mapping.kinds.constant import concept
from fhircase.mapping.kinds.rule import Rule
from fhircase.mapping.path import Path

Codes = tuple[tuple[str, str], ...]


class Tags(Rule):
    """An enum of the model by codes in a list of concepts."""

    def __init__(self, path: Path, sets: Sequence[tuple[str, Codes]], written: dict[str, Codes]) -> None:
        self.path = path
        self.sets = sorted(sets, key=lambda entry: -len(entry[1]))
        self.written = written

    def places(self) -> Sequence[Path]:
        """The list."""
        return (self.path,)

    def _found(self, scope: Scope) -> tuple[str, Codes] | None:
        there = {code for element in self.path.picked(scope) for code in _codes(element)}
        return next(((value, codes) for value, codes in self.sets if there.issuperset(codes)), None)

    def read(self, scope: Scope) -> str | None:
        """The value whose codes are there."""
        found = self._found(scope)
        if found is None:
            return None
        if scope.ctx.claims is not None:
            self._claim(scope, found)
        return found[0]

    def _claim(self, scope: Scope, found: tuple[str, Codes]) -> None:
        fate: Fate = "carried" if len(found[1]) == 1 and self.written[found[0]] == found[1] else "normalised"
        for element in self.path.picked(scope):
            for coding in element.get("coding", ()):
                if (coding.get("system"), coding.get("code")) in found[1]:
                    scope.ctx.claim(coding, "system", fate)
                    scope.ctx.claim(coding, "code", fate)

    def write(self, scope: Scope, value: Any) -> None:
        """Take the old value's codes out and put the new value's in; other concepts stay."""
        found = self._found(scope) if self.path.present(scope) else None
        if (found[0] if found else None) == value:
            return
        self.path.touch(scope)
        node, name = self.path.holder(scope), self.path.steps[-1].name
        kept = [rest for element in node.get(name, []) if (rest := _without(element, found[1] if found else ()))]
        kept += [concept([code]) for code in self.written.get(value, ())]
        node[name] = kept
        if not kept:
            self.path.drop_list(scope)
        remaining = self._found(scope)
        if value is None and remaining is not None:
            self.write(scope, value)


def _codes(element: Any) -> list[tuple[Any, Any]]:
    return [(c.get("system"), c.get("code")) for c in element.get("coding", ()) if isinstance(c, dict)]


def _without(element: Json, codes: Codes) -> Json | None:
    if not isinstance(element, dict) or not any(code in codes for code in _codes(element)):
        return element
    codings = [c for c in element["coding"] if (c.get("system"), c.get("code")) not in codes]
    return {**element, "coding": codings} if codings else None
