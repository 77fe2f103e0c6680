"""`tags`: an enum of the model, said by concepts in a list that holds others too, such as `category`.

Each value has the sets of codes that say it: the first is written, all are read. A set is said when all its codes are
there; the larger set wins over the smaller.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from fhircase.mapping.context import Context, Fate, Scope
from fhircase.mapping.kinds.constant import concept
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule
from fhircase.mapping.path import Path
from fhircase.mapping.selector import code_of, codings

Codes = tuple[tuple[str, str], ...]


class Tags(Rule):
    """An enum of the model by codes in a list of concepts."""

    called = "codes in a list"

    def __init__(
        self, path: Path, sets: Sequence[tuple[str, Codes]], written: dict[str, Codes], table_name: str
    ) -> None:
        self.path = path
        self.table_name = table_name
        self.sets = sorted(sets, key=lambda entry: -len(entry[1]))
        self.written = written
        self.rows = {each: f"{each[0]} = {', '.join(code for _, code in each[1])}" for each in self.sets}
        """How the report names the row of the table, by value and codes."""

    def places(self) -> Sequence[Path]:
        """The list."""
        return (self.path,)

    def value_type(self) -> Any:
        """The values of the table."""
        return Literal[tuple(self.written)]

    def _found(self, scope: Scope) -> tuple[str, Codes] | None:
        return self.among(self.path.picked(scope))

    def among(self, concepts: Sequence[Any]) -> tuple[str, Codes] | None:
        """The value that these concepts say, and by which codes."""
        there = [code_of(coding) for element in concepts for coding in codings(element)]
        for value, codes in self.sets:
            for code in codes:
                if code not in there:
                    break
            else:
                return value, codes
        return None

    def read(self, scope: Scope) -> str | None:
        """The value whose codes are there."""
        found = self._found(scope)
        if found is None:
            return None
        if scope.ctx.claims is not None:
            self.account(scope.ctx, self.path.picked(scope), found)
        return found[0]

    def account(self, ctx: Context, concepts: Sequence[Any], found: tuple[str, Codes]) -> None:
        """Say what became of the codes by which the concepts say a value."""
        said = [each for element in concepts for each in codings(element) if code_of(each) in found[1]]
        # What is said twice is still said when one of the two is changed.
        exact = len(said) == 1 and self.written[found[0]] == found[1]
        fate: Fate = "carried" if exact else "normalised"
        for coding in said:
            ctx.claim(coding, "system", fate, self.rows[found])
            ctx.claim(coding, "code", fate, self.rows[found])

    def write(self, scope: Scope, value: Any) -> None:
        """Take the old value's codes out and put the new value's in; other concepts stay."""
        found = self._found(scope) if self.path.present(scope) else None
        if (found[0] if found else None) == value:
            return
        self.path.touch(scope)
        node, name = self.path.holder(scope), self.path.steps[-1].name
        wanted = self.written.get(value, ())
        gone = [code for code in (found[1] if found else ()) if code not in wanted]
        # The codings of one concept are translations of each other: they go together.
        kept = [each for each in node.get(name, []) if not any(code_of(coding) in gone for coding in codings(each))]
        there = [code_of(coding) for element in kept for coding in codings(element)]
        node[name] = kept + [concept([code]) for code in wanted if code not in there]
        if not node[name]:
            self.path.drop_list(scope)
        remaining = self._found(scope)
        if value is None and remaining is not None:
            self.write(scope, value)


def _tags(place: Place, spec: Mapping[str, Any]) -> Rule:
    sets = place.builder.tables.tags(spec["table"])
    written: dict[str, Codes] = {}
    for value, codes in sets:
        written.setdefault(value, codes)
    return Tags(place.array(spec["tags"]), sets, written, str(spec["table"]))


KINDS = (Kind("tags", {"tags": "text", "table": "text"}, _tags),)
