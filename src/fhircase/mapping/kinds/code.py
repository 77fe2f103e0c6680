"""`code`: an enum of the model and the codes that say it, at one place or jointly at several, by a table.

A table has a column a place, the authoritative one first. A row is read when all its cells match; else the row whose
first cell matches and which agrees most with the other places; without the first place, the first row that another
place names. A cell `~code` is written, but alone it does not name the row: `lossy` gives the reason; `-` is the absence
of a code. Rows under `reads: {reason: rows}` are read and never written, codes under `refuses: {code: reason}` neither,
and values under `lacks: {value: reason}` are never said here.
The columns of `also`, which an overlay adds, may be left out of a row: they are `-` there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from fhircase.errors import NoRow
from fhircase.mapping.context import Misfit, Scope
from fhircase.mapping.grammar import SpecError
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Copier, Rule
from fhircase.mapping.models.fitting import text
from fhircase.mapping.path import Path

UNSPECIFIED = "unspecified"

Cells = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What a mapping file says about a table, for its checks."""

    name: str = ""
    source: str = ""
    lines: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    """Where each row is written."""
    refuses: Mapping[str, str] = field(default_factory=dict)
    """Codes that no row reads, each with the reason."""
    lossy: bool = False
    """Whether a reason is given for its cells `~code`."""


class Table:
    """The rows of a code table, in order."""

    told = Told()

    def __init__(
        self,
        rows: Sequence[Sequence[str]],
        reads: Sequence[Sequence[str]] = (),
        lacks: frozenset[str] = frozenset(),
        name: str = "",
        *,
        leaves: bool = False,
    ) -> None:
        self.leaves = leaves
        """Whether a code that no row has is left where it is; else the resource is refused."""
        self.name = name
        self.lacks = lacks
        """Values of the model that are never said here; the file gives the reason."""
        self.written = {row[0]: tuple(row) for row in reversed(rows)}
        """The first row of each value, as it stands in the file."""
        self.all_rows = [tuple(row) for row in [*rows, *reads]]
        """All rows, as they stand in the file."""
        self.second: list[tuple[str, ...]] = []
        """Rows for a value that has one before them in the same file."""
        self.rows: dict[str, Cells] = {}
        """Codes by value of the model, of its first row; None where the row says nothing at that place."""
        for row in rows:
            self.rows.setdefault(row[0], _cells(row))
        self._first: dict[str | None, list[tuple[str, Cells]]] = {}
        self._alone: list[dict[str, str]] = [{} for _ in range(len(rows[0]) - 1)]
        for value, *cells in [*rows, *reads]:
            self._first.setdefault(_cell(cells[0]), []).append((value, _cells([value, *cells])))
            for column, cell in enumerate(cells):
                if not cell.startswith("~") and (code := _cell(cell)) is not None:
                    self._alone[column].setdefault(code, value)

    def row(self, value: str) -> str:
        """The row of a value in words: the table, the value and its codes."""
        return f"{self.name}: {value} = {' | '.join(cell or '-' for cell in self.rows[value])}"

    def value(self, codes: Sequence[str | None]) -> str | None:
        """The value that these codes say, or None where they say none that the table knows."""
        if codes[0] is not None:
            rows = self._first.get(codes[0], ())
            best = max(rows, key=lambda row: _agreement(row[1], codes), default=None)
            return best[0] if best else None
        for column, code in enumerate(codes[1:], start=1):
            if code is not None:
                return self._alone[column].get(code)
        return None


def _agreement(cells: Cells, codes: Sequence[str | None]) -> tuple[int, int]:
    equal = sum(cell == code for cell, code in zip(cells[1:], codes[1:], strict=True))
    return equal, sum(cell is None for cell in cells)


def _cells(row: Sequence[str]) -> Cells:
    return tuple(_cell(cell) for cell in row[1:])


def _cell(word: str) -> str | None:
    return None if word == "-" else word.removeprefix("~")


class Code(Rule):
    """An enum of the model by a table of codes."""

    called = "code table"

    def __init__(
        self,
        paths: Sequence[Path],
        table: Table,
        resets: Sequence[Path] = (),
        unless: Sequence[tuple[Path, str]] = (),
    ) -> None:
        self.unless = unless
        """Codes elsewhere beside which this one says nothing."""
        self.paths = paths
        self.table = table
        self.resets = resets
        """Places that say something about the old code and go when it changes."""

    def places(self) -> Sequence[Path]:
        """A place for each column of the table."""
        return self.paths

    @property
    def table_name(self) -> str:
        """The table's name in the mapping file."""
        return self.table.name

    def value_type(self) -> Any:
        """The values of the table."""
        return Literal[tuple(self.table.rows)]

    def read(self, scope: Scope) -> str | None:
        """The value of the model; an unknown code is a problem, no code is none."""
        codes = [self._code(scope, path) for path in self.paths]
        if not any(codes):
            return None
        value = self.table.value(codes)
        if self._void(scope):
            if value == UNSPECIFIED:  # which is all that may be said where FHIR requires a code
                self._account(scope, value, codes)
            return None
        if value is None:
            self._unknown(scope, codes)
            return None
        self._account(scope, value, codes)
        return None if value == UNSPECIFIED else value

    def _void(self, scope: Scope) -> bool:
        return any(path.present(scope) and path.get(scope) == code for path, code in self.unless)

    def _code(self, scope: Scope, path: Path) -> str | None:
        if not path.present(scope):
            return None
        code: Any = path.get(scope)
        if code is None:
            path.claim_unknown(scope)
        elif not isinstance(code, str):
            raise Misfit(f"a code was expected at `{path.text}`")
        return None if code is None else str(code)

    def _unknown(self, scope: Scope, codes: Sequence[str | None]) -> None:
        path, code = next((p, c) for p, c in zip(self.paths, codes, strict=True) if c)
        if self.table.leaves:
            scope.ctx.remark(f"code `{code}` is not known: left as it is", path.text)
            return
        known = ", ".join(sorted({c for row in self.table.rows.values() if (c := row[self.paths.index(path)])}))
        hint = f"known: {known}; add a row to the table if it is meant"
        what = f"unknown code `{code}`"
        scope.ctx.problems.append(NoRow(what, path.text, scope.ctx.rule, hint, table=self.table.name, code=str(code)))

    def _account(self, scope: Scope, value: str, codes: Sequence[str | None]) -> None:
        if scope.ctx.claims is None and len(self.paths) == 1:
            return
        row = self.table.row(value) if scope.ctx.claims is not None else ""
        for path, cell, code in zip(self.paths, self.table.rows[value], codes, strict=True):
            if code is None:
                continue
            if cell == code:
                path.claim(scope, "carried", row)
            elif path is self.paths[0]:
                path.claim(scope, "normalised", row)
            else:
                path.claim(scope, "normalised", row)
                scope.ctx.remark(f"`{code}` disagrees with `{value}`, which the authoritative place says", path.text)

    def write(self, scope: Scope, value: Any) -> None:
        """Write the row's code at every place whose resource is there, and at the first if need be."""
        wanted = UNSPECIFIED if value is None else text(value)
        if value is not None and wanted not in self.table.rows and wanted not in self.table.lacks:
            scope.ctx.refuse("the table has no row for its value", self)
            return
        if scope.ctx.scratch:
            self._write_anew(scope, wanted)
            return
        changed = (self.read(scope) or UNSPECIFIED) != wanted or self._voided(scope)
        row = self.table.rows.get(wanted, (None,) * len(self.paths))
        for path, code in zip(self.paths, row, strict=True):
            if path.present(scope) and (changed or path.fresh(scope)):
                self._set(scope, path, code)
        if changed and (self.read(scope) or UNSPECIFIED) != wanted:
            self._set(scope, self.paths[0], row[0])
        if changed:
            for path in self.resets:
                if path.present(scope) and not path.fresh(scope):
                    path.drop(scope)

    def _voided(self, scope: Scope) -> bool:
        """Whether it says something still, though what voids it was just written."""
        there = any(path.present(scope) and path.find(scope) is not None for path in self.paths)
        return self._void(scope) and there and any(path.touched(scope) for path, _ in self.unless)

    def copier(self) -> Copier | None:
        """The code, when there is one place and each value of the model has one."""
        codes = {value: row[0] for value, row in self.table.rows.items()}
        simple = len(self.paths) == 1 and self.paths[0].here and None not in codes.values()
        return (self.paths[0].plain, codes.__getitem__) if simple else None

    def idle(self) -> bool:
        """Unless FHIR requires a value, or the table says something for none."""
        return UNSPECIFIED not in self.table.rows and not any(path.required for path in self.paths)

    def _write_anew(self, scope: Scope, value: str) -> None:
        row = self.table.rows.get(value, (None,) * len(self.paths))
        for path, code in zip(self.paths, row, strict=True):
            if code is not None:
                path.put(scope, code)
            elif path.required and path.present(scope):
                path.mark_unknown(scope)

    def _set(self, scope: Scope, path: Path, code: str | None) -> None:
        current = path.get(scope) if path.present(scope) else None
        if current not in (None, code):
            _forget_translations(scope, path)
        if code is None:
            path.drop(scope)
        elif current != code:
            path.put(scope, code)


def _forget_translations(scope: Scope, path: Path) -> None:
    """Take out of the concept around a code what says the same in other words: they mean the old code."""
    coding = path.above
    if coding is None or [step.name for step in path.steps[-2:]] != ["coding", "code"]:
        return
    concept, (array, index) = coding.holder(scope), coding.make(scope, leaf=False)
    array[:] = [array[index]]
    for node, name in ((concept, "text"), (array[0], "display")):
        node.pop(name, None)
        node.pop(f"_{name}", None)


def _texts(given: Any) -> Sequence[str]:
    return [given] if isinstance(given, str) else given


def _code(place: Place, spec: Mapping[str, Any]) -> Rule:
    also = place.paths(list(_texts(spec.get("also", []))))
    paths = [*place.paths(spec["code"]), *also]
    for path in paths:
        if not path.primitive:
            raise SpecError(f"`{path.text}` is a {path.type}, no code")
    table = place.builder.tables.codes(spec["table"], len(paths), len(also))
    unless = [(place.path(text), str(code)) for text, code in spec.get("unless", {}).items()]
    return Code(paths, table, place.paths(list(spec.get("resets", []))), unless)


_WORDS = {
    "code": "text|texts",
    "table": "text",
    "resets": "texts?",
    "also": "text|texts?",
    "empty": "any?",
    "unless": "map?",
}
KINDS = (Kind("code", _WORDS, _code),)
