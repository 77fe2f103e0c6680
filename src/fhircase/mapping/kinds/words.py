"""`words`: what people typed into a field, said by a code; the very words are kept beside it where the code says less.

Case and white space do not count when words are looked up. `unknown` declares what becomes of words that the table does
not know: `refuse`, or a code that is then written. When somebody changes the code, the words kept beside it are no
longer true, and the first row of the new code says which words stand for it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fhircase.errors import Problem
from fhircase.mapping.context import Misfit, Scope
from fhircase.mapping.grammar import SpecError
from fhircase.mapping.kinds.code import Table
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule
from fhircase.mapping.path import Path

REFUSE = "refuse"


class Words(Rule):
    """Free text by a table of codes."""

    called = "words by code table"
    gives = frozenset({str})

    def __init__(self, path: Path, kept: Path, table: Table, unknown: str) -> None:
        self.path = path
        self.kept = kept
        self.table = table
        self.unknown = unknown
        self._codes = {_squashed(words): row[0] for words, row in table.rows.items()}

    def places(self) -> Sequence[Path]:
        """The code, and the words beside it."""
        return (self.path, self.kept)

    def idle(self) -> bool:
        """Unless FHIR requires a code."""
        return not self.path.required

    def _code(self, words: str) -> str | None:
        unknown = None if self.unknown == REFUSE else self.unknown
        return self._codes.get(_squashed(words), unknown)

    def read(self, scope: Scope) -> Any:
        """The words kept, while they agree with the code; else the first words for the code."""
        code, kept = (path.get(scope) if path.present(scope) else None for path in (self.path, self.kept))
        if isinstance(code, dict | list) or isinstance(kept, dict | list):
            raise Misfit(f"a code was expected at `{self.path.text}`, and text at `{self.kept.text}`")
        if code is None:
            self.path.claim_unknown(scope)
            return None
        if isinstance(kept, str) and self._code(kept) == code:
            self.path.claim(scope, "normalised")
            self.kept.claim(scope, "carried")
            return kept
        words = self.table.value([str(code)])
        if words is None:
            hint = "add a row to the table if it is meant"
            scope.ctx.problems.append(Problem(f"unknown code `{code}`", self.path.text, scope.ctx.rule, hint))
            return None
        self.path.claim(scope, "carried")
        if kept is not None:
            scope.ctx.remark("the words kept say something else than the code, which is believed", self.kept.text)
        return words

    def write(self, scope: Scope, value: Any) -> None:
        """Write the code, and keep the words where the code alone would not bring them back."""
        current = self.read(scope) if not scope.ctx.scratch else None
        if current == value:
            if value is None and self.path.fresh(scope):
                self.path.mark_unknown(scope)
            return
        code = None if value is None else self._code(value)
        if value is not None and code is None:
            scope.ctx.refuse("the table does not know these words, and `unknown: refuse` is declared", self)
            return
        if code is None:
            self.path.drop(scope)
        elif scope.ctx.scratch or self.path.get(scope) != code:
            self.path.put(scope, code)
        if code is None or self.table.value([code]) == value:
            if not scope.ctx.scratch and self.kept.present(scope) and self.kept.find(scope) is not None:
                self.kept.drop(scope)
        else:
            self.kept.put(scope, value)


def _squashed(words: str) -> str:
    return " ".join(words.split()).casefold()


def _words(place: Place, spec: Mapping[str, Any]) -> Rule:
    path, kept = place.path(spec["words"]), place.path(spec["kept"])
    for each in (path, kept):
        if not each.primitive:
            raise SpecError(f"`{each.text}` is a {each.type}, no bare value")
    table, unknown = place.builder.tables.codes(spec["table"], 1), spec["unknown"]
    if unknown != REFUSE and table.value([unknown]) is None:
        raise SpecError(f"no row of the table has the code `{unknown}`, so that nobody could read it")
    return Words(path, kept, table, unknown)


KINDS = (Kind("words", {"words": "text", "table": "text", "kept": "text", "unknown": "text", "empty": "any?"}, _words),)
