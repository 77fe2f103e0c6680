"""The code tables of the shipped mappings with the places that they say, to be handed to others: CSV, ConceptMap."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhircase.fhir.definitions import bindings, codes
from fhircase.mapping import files
from fhircase.mapping.check.walk import every
from fhircase.mapping.compiled import compiled
from fhircase.mapping.concept_maps import EQUIVALENT, NARROWER, UNMATCHED, WIDER, concept_map, group
from fhircase.mapping.csv_tables import READS, as_csv
from fhircase.mapping.kinds.code import Code
from fhircase.mapping.kinds.tags import Tags
from fhircase.mapping.path import Path

SYSTEMS = "https://fhircase.org/fhir/CodeSystem/"
_AGAIN = "another way to say it"
Row = tuple[str, str | None, str, str]


@dataclass(slots=True)
class Shipped:
    """One table as it is for one FHIR version."""

    name: str
    version: str
    spec: Mapping[str, Any]
    paths: list[dict[str, Path]] = field(default_factory=list)
    """Places by their text, a column each."""
    tags: Tags | None = None
    """The rule, where a value is said by codes in a list."""

    def as_csv(self) -> str:
        """The table as CSV; the codes that say a value together stand in one cell."""
        if self.tags is None:
            return as_csv(self.spec, [" ".join(column) for column in self.paths])
        sets = [[value, " ".join("#".join(code) for code in said)] for value, said in self.tags.sets]
        first = [[value, " ".join("#".join(code) for code in said)] for value, said in self.tags.written.items()]
        others = [row for row in sets if row not in first]
        return as_csv({"rows": first, READS: {_AGAIN: others} if others else {}}, [self.tags.path.text])

    def as_concept_map(self) -> dict[str, Any]:
        """The table as a ConceptMap, a group for each place and code system."""
        source = SYSTEMS + self.name
        groups: dict[tuple[int, str], list[Row]] = {}
        for column, system, row in self._tagged() if self.tags else self._rows():
            groups.setdefault((column, system), []).append(row)
        made = [group(source, system, rows, self.version) for (_, system), rows in groups.items()]
        return concept_map(self.name, made, self.version, self._described())

    def _described(self) -> str:
        places = [" and ".join(column) for column in self.paths] or [self.tags.path.text if self.tags else ""]
        text = f"How fhircase says `{self.name}` in FHIR {self.version}, group by group at: {'; '.join(places)}."
        refused = (f" `{code}` is not read: {reason}." for code, reason in self.spec.get("refuses", {}).items())
        return text + "".join(refused)

    def _rows(self) -> Iterator[tuple[int, str, Row]]:
        rows = [[row, row] if isinstance(row, str) else list(map(str, row)) for row in self.spec["rows"]]
        for column, places in enumerate(self.paths, start=1):
            cells = [row[column] if column < len(row) else "-" for row in rows]
            often = Counter(cell.removeprefix("~") for cell in cells)
            there = [cell.removeprefix("~") for cell in cells if cell != "-"]
            systems = _systems(places, self.version)
            usual = systems.get(there[0], "") if there else ""
            for row, cell in zip(rows, cells, strict=True):
                code = cell.removeprefix("~")
                if cell == "-":
                    yield column, usual, (row[0], None, UNMATCHED, "")
                elif cell.startswith("~") or often[code] > 1:
                    told = str(self.spec.get("lossy", "")) if cell.startswith("~") else "told apart at another place"
                    yield column, systems.get(code, usual), (row[0], code, WIDER, told)
                else:
                    yield column, systems.get(code, usual), (row[0], code, EQUIVALENT, "")
            for reason, given in (self.spec.get(READS) or {}).items():
                for value, *codes_read in given:
                    code = str(codes_read[column - 1]) if column <= len(codes_read) else "-"
                    if code != "-" and not code.startswith("~"):
                        yield column, systems.get(code, usual), (str(value), code, NARROWER, str(reason))
            for value, reason in self.spec.get("lacks", {}).items():
                yield column, usual, (str(value), None, UNMATCHED, str(reason))

    def _tagged(self) -> Iterator[tuple[int, str, Row]]:
        assert self.tags is not None  # noqa: S101 - only called for these
        for value, said in self.tags.sets:
            written = self.tags.written[value] == said
            for system, code in said:
                others = ", ".join(f"{each[0]}#{each[1]}" for each in said if each != (system, code))
                kind = NARROWER if not written else WIDER if others else EQUIVALENT
                told = [] if written else [_AGAIN]
                told += [f"together with {others}"] if others else []
                yield 1, system, (value, code, kind, "; ".join(told))


def _systems(places: Mapping[str, Path], version: str) -> Mapping[str, str]:
    """Code system by code, as far as FHIR or the places say it."""
    found: dict[str, str] = {}
    for path in places.values():
        for up in (1, 3):
            bound = bindings(version).get(path.listed[-up]) if len(path.listed) >= up else None
            for system, known in (codes(bound, version) or {}).items() if bound else ():
                found.update(dict.fromkeys(known, system))
        for step in path.steps[-2:]:
            for test in step.tests:
                if test.names and test.names[-1][0] == "system" and test.how == "=":
                    return _Always(test.wanted[0])
    return found


class _Always(dict[str, str]):
    """The same system for every code."""

    def __init__(self, system: str) -> None:
        self._system = system

    def get(self, code: object, default: object = None) -> Any:
        return self._system


def shipped(version: str) -> dict[str, Shipped]:
    """Every table that a shipped mapping uses in a FHIR version, by name."""
    found: dict[str, Shipped] = {}
    shared = files.vocabulary()["tables"]
    specs = {**shared, **{k: v for name in files.names() for k, v in files.mapping(name).get("tables", {}).items()}}
    for name in files.names():
        for rule in every(compiled(name, version).shape):
            if isinstance(rule, Code | Tags):
                spec = specs[rule.table_name]
                now = {**spec, **(spec.get("R5" if version == "R5" else "R4") or {})}
                table = found.setdefault(rule.table_name, Shipped(rule.table_name, version, now))
                _note(table, rule)
    return dict(sorted(found.items()))


def _note(table: Shipped, rule: Code | Tags) -> None:
    if isinstance(rule, Tags):
        table.tags = rule
        return
    while len(table.paths) < len(rule.paths):
        table.paths.append({})
    for column, path in zip(table.paths, rule.paths, strict=False):
        column[path.text] = path
