"""Code tables lose nothing that they do not declare, and say every code that FHIR allows at their places.

Source: https://hl7.org/fhir/R4/terminologies.html#required
"""

from collections.abc import Iterator, Sequence

from fhircase.errors import Problem
from fhircase.fhir.definitions import bindings, codes
from fhircase.mapping.check.walk import Checked, every, problem
from fhircase.mapping.grammar import near
from fhircase.mapping.kinds.code import UNSPECIFIED, Code, Table
from fhircase.mapping.path import Path


def tables(of: Checked) -> Iterator[Problem]:
    """What is wrong with the code tables in use; of a table that several rules use, once."""
    told: set[Problem] = set()
    for rule in every(of.shape):
        if isinstance(rule, Code):
            for found in (*_lossless(rule.table), *_declared(rule.table), *_bound(rule, of.version)):
                if found not in told:
                    told.add(found)
                    yield found


def _problem(table: Table, row: Sequence[str] | None, what: str, hint: str) -> Problem:
    line = table.told.lines.get(tuple(row), "") if row else ""
    return problem(f"{line or table.told.source} tables.{table.told.name}", what, hint)


def _lossless(table: Table) -> Iterator[Problem]:
    """Values that would come back as others."""
    for value, row in table.written.items():
        cells = table.rows[value]
        back = table.value(cells) if any(cells) else UNSPECIFIED
        if back != value:
            what = f"`{value}` is written as `{back}` is, and comes back as that"
            yield _problem(table, row, what, "give it a code that no other value has, at this or a second place")
        for at, cell in enumerate(row[1:]):
            alone: list[str | None] = [None] * len(cells)
            alone[at] = cells[at]
            if at and cells[at] and not cell.startswith("~") and (other := table.value(alone)) != value:
                what = f"`{cell}` is written for `{value}`, and by itself says `{other}`"
                yield _problem(table, row, what, f"write `~{cell}` and say why it may, under `lossy`")


def _declared(table: Table) -> Iterator[Problem]:
    told = table.told
    inexact = [row for row in table.all_rows if any(cell.startswith("~") for cell in row)]
    own = [row for row in inexact if told.lines[row].partition(":")[0] == told.source.partition(":")[0]]
    if own and not told.lossy:
        what = "a cell `~code` does not come back by itself, and the table does not say why it may"
        yield _problem(table, own[0], what, "add `lossy: the reason`")
    if told.lossy and not inexact:
        yield _problem(table, None, "`lossy` is said, and no cell is `~code`", "take it out")
    for row in table.second:
        what = f"`{row[0]}` has a row before this one, so this one is only read"
        yield _problem(table, row, what, "move it below `reads: {the reason: [...]}`")


def _bound(rule: Code, version: str) -> Iterator[Problem]:
    for column, path in enumerate(rule.paths, start=1):
        value_set, known = required(path, version)
        if known is None:
            continue
        there = {row[column].removeprefix("~") for row in rule.table.all_rows} - {"-"}
        # What others send against the rules may be read; we send by the rules.
        for row in rule.table.written.values():
            if (code := row[column].removeprefix("~")) not in known | {"-"}:
                what = f"`{code}` is no code of {value_set}, which `{path.text}` takes{near(code, known)}"
                yield _problem(rule.table, row, what, f"its codes: {', '.join(sorted(known))}")
        yield from _unread(rule.table, there, known, value_set)


def _unread(table: Table, there: set[str], known: frozenset[str], value_set: str) -> Iterator[Problem]:
    refused = table.told.refuses
    for code in sorted(known - there - refused.keys()):
        what = f"no row reads `{code}`, which {value_set} has"
        hint = f"add a row; `reads: {{reason: [...]}}` if it is only read, `refuses: {{{code}: reason}}` if it is not"
        yield _problem(table, None, what, hint)
    for code in refused:
        if code in there or code not in known:
            why = "and a row reads it" if code in there else f"and {value_set} has no such code"
            yield _problem(table, None, f"`{code}` is refused, {why}", "take it out of `refuses`")


def required(path: Path, version: str) -> tuple[str, frozenset[str] | None]:
    """The value set that a code at a place must be from, and its codes there as far as they can be listed."""
    for up, coded in ((1, ("",)), (3, ("CodeableConcept.coding", "Coding.code"))):
        if len(path.listed) < up or (up > 1 and path.listed[-2:] != coded):
            continue
        if value_set := bindings(version).get(path.listed[-up]):
            found = codes(value_set, version)
            systems = {wanted for test in path.steps[-2].tests for wanted in test.wanted} if up > 1 else set()
            if found is None or (systems and not systems & found.keys()):
                return value_set, None if found is None else frozenset()
            listed = [found[system] for system in found if system in systems or not systems]
            return value_set, frozenset().union(*listed)
    return "", None
