"""Code tables as mapping files hold them, made into rows for one FHIR version."""

from collections.abc import Mapping
from typing import Any

from fhircase.mapping.grammar import SpecError, near
from fhircase.mapping.kinds.code import Table, Told
from fhircase.mapping.kinds.tags import Codes
from fhircase.mapping.lines import source
from fhircase.mapping.models.fitting import text
from fhircase.mapping.pathtext import PathError, Vocabulary

Rows = list[tuple[str, list[str]]]


class Tables:
    """The tables in force, by name."""

    def __init__(self, specs: Mapping[str, Any], version: str, words: Vocabulary) -> None:
        self._specs = dict(specs)
        self._versioned = "R5" if version == "R5" else "R4"
        self._words = words

    def lend(self, specs: Mapping[str, Any], words: Vocabulary) -> None:
        """Take in the tables of another mapping, where there is none of that name, and the short names in force."""
        self._specs = {**specs, **self._specs}
        self._words = words

    def codes(self, name: str, columns: int, optional: int = 0) -> Table:
        """A table of one code a place; the last of them may be left out of a row."""
        spec = self._spec(name)
        rows, reads = self._rows(name, spec["rows"], columns, optional), []
        for given in spec.get("reads", {}).values():
            reads += self._rows(name, given, columns, optional)
        lines = {tuple(row): where for where, row in [*reversed(reads), *reversed(rows)]}
        if (unknown := spec.get("unknown", "refuse")) not in ("refuse", "leave"):
            what = f"table `{name}`: `unknown` is `refuse` or `leave`, not `{unknown}`"
            raise SpecError(what, source(self._specs[name], "unknown"))
        lacks, leaves = frozenset(spec.get("lacks", ())), unknown == "leave"
        made = Table([row for _, row in rows], [row for _, row in reads], lacks, name, leaves=leaves)
        there: set[tuple[str, str]] = set()
        for where, row in rows:
            in_file = (where.partition(":")[0], row[0])
            if in_file in there:
                made.second.append(tuple(row))
            there.add(in_file)
        made.told = Told(name, source(self._specs[name]), lines, spec.get("refuses", {}), bool(spec.get("lossy")))
        return made

    def tags(self, name: str) -> list[tuple[str, Codes]]:
        """The rows of a table of tags, each a value and one set of codes that says it."""
        found: list[tuple[str, Codes]] = []
        spec = self._spec(name)
        given = [(rows, at) for rows in (spec["rows"], *spec.get("reads", {}).values()) for at in range(len(rows))]
        for rows, at in given:
            row = rows[at]
            where = source(row) or source(rows, at)
            if not isinstance(row, list) or len(row) < 2 or not all(isinstance(each, list) for each in row[1:]):
                raise SpecError(f"table `{name}`: row {at + 1} is no value with lists of codes", where)
            try:
                found += [(str(row[0]), tuple(self._words.code(str(token)) for token in each)) for each in row[1:]]
            except PathError as error:
                raise SpecError(f"table `{name}`: {error}", where) from None
        return found

    def _spec(self, name: str) -> dict[str, Any]:
        if name not in self._specs:
            raise SpecError(f"no table is called `{name}`{near(name, self._specs)}")
        spec = self._specs[name]
        found = {**spec, **(spec.get(self._versioned) or {})}
        if not found.get("rows"):
            raise SpecError(f"table `{name}` has no rows", source(spec))
        return found

    def _rows(self, name: str, rows: Any, columns: int, optional: int) -> Rows:
        """Each row a value and its codes, with its line; a word alone says the same in both."""
        found: Rows = []
        for at, row in enumerate(rows):
            where = source(row) or source(rows, at)
            cells = [row, row] if isinstance(row, str) else row
            if isinstance(cells, list):
                # Numbers and flags of somebody's own model stand in their tables as they are.
                cells = [text(cell) if isinstance(cell, bool | int) else cell for cell in cells]
            if not isinstance(cells, list) or not cells or not all(isinstance(cell, str) for cell in cells):
                raise SpecError(f"table `{name}`: row {at + 1} is no list of words", where)
            cells = [*cells, *["-"] * min(optional, columns + 1 - len(cells))]
            if len(cells) != columns + 1:
                what = f"table `{name}`: row `{cells[0]}` has {len(cells) - 1} codes for {columns} places"
                raise SpecError(what, where)
            found.append((where, list(cells)))
        return found
