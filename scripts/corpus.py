"""Check the laws of the mapping on every FHIR resource in a folder, and say so in a table.

    python scripts/corpus.py FOLDER [--write docs/mappings/corpus.md]

The folder holds JSON files below `R4`, `R4B` or `R5`, in folders named by resource type, or all of them flat with
`--fhir R4`. Every resource is read alone and, where it came in one, with its Bundle. Exit code 1: a law does not hold.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from fhircase.fhir import jsontext
from fhircase.mapping import Reading, from_bundle
from fhircase.mapping.laws import Donors, broken

TYPES = ("CarePlan", "Task", "ServiceRequest", "Goal", "CareTeam", "EpisodeOfCare", "Condition", "Consent", "Procedure")
FATES = ("carried", "normalised", "constant", "leftover")


PAGE = """# Real resources, read and law-checked

Written by `make corpus ARGS="FOLDER --write docs/mappings/corpus.md"`; run it on a folder of your own to see the same
of your resources. Every resource is read alone, and those of a Bundle together as well. Of every reading all of this is
checked:

- written back onto what it was read from, not a byte changes (law 2);
- each field of the record is given a value from another record, whole and inside; what is then written is read as it
  was meant (law 1), and only the places of that field's rule, or those declared to depend on it, differ (law 3);
- every scalar has just one fate, a carried one means something to the record and a leftover nothing (law 4).

A resource is refused only when it is invalid or unsafe ([how that is decided](behaviours.md)); each is named below.

"""
HEAD = ("type", "FHIR", "files", "resources", "read", "refused", "readings", "of these lawful", *FATES)


@dataclass
class Row:
    """What became of the files of one type and version."""

    files: int = 0
    resources: int = 0
    read: int = 0
    readings: int = 0
    lawful: int = 0
    fates: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def documents(folder: Path, fhir: str | None) -> Iterator[tuple[str, Path]]:
    """Every JSON file and the FHIR version it is in: that of a folder above it, or the one given."""
    for file in sorted(folder.rglob("*.json")):
        version = fhir or next((part for part in reversed(file.parts) if part in ("R4", "R4B", "R5")), "")
        if version:
            yield version, file


def resources(node: Any) -> Iterator[Any]:
    """The resources of a document, those of Bundles one by one."""
    if isinstance(node, dict) and node.get("resourceType") == "Bundle":
        for entry in node.get("entry") or ():
            yield from resources(entry.get("resource") if isinstance(entry, dict) else None)
    elif isinstance(node, dict):
        yield node


def survey(folder: Path, fhir: str | None, scalars: int | None) -> dict[tuple[str, str], Row]:
    """Read and check everything."""
    rows: dict[tuple[str, str], Row] = {}
    found: list[tuple[tuple[str, str], str, str, Reading]] = []
    for version, file in documents(folder, fhir):
        try:
            document = jsontext.decode(file.read_bytes())
        except ValueError as error:
            print(f"{file}: not JSON: {error}", file=sys.stderr)
            continue
        every = [each for each in resources(document) if each.get("resourceType") in TYPES]
        whole = isinstance(document, dict) and document.get("resourceType") == "Bundle"
        for kind in {each["resourceType"] for each in every}:
            rows.setdefault((kind, version), Row()).files += 1
        for each in every:
            row = rows[each["resourceType"], version]
            row.resources += 1
            alone = from_bundle(each, version)
            row.read += bool(alone.readings)
            row.refused += [f"{file.name}: {problem}" for refusal in alone.refused for problem in refusal.problems]
            if alone.unclaimed:
                row.refused.append(f"{file.name}: read by no mapping")
            found += [((each["resourceType"], version), version, file.name, reading) for reading in alone.readings]
        for reading in from_bundle(document, version).readings if whole else ():
            if len(reading.resources) > 1:
                kind = next(each["resourceType"] for each in reading.resources if each["resourceType"] in TYPES)
                found.append(((kind, version), version, file.name, reading))
    _check(found, rows, scalars)
    return rows


def _check(found: list[tuple[tuple[str, str], str, str, Reading]], rows: dict[Any, Row], scalars: int | None) -> None:
    donors = {version: Donors() for _, version, _, _ in found}
    for _, version, _, reading in found:
        donors[version].add(reading.record)
    for at, version, name, reading in found:
        row, dice = rows[at], Random(name)  # noqa: S311 - the same choice in every run, no secret
        problems = [f"{name}: {each}" for each in broken(reading, donors[version], version, dice, scalars)]
        row.readings += 1
        row.lawful += not problems
        row.broken += problems
        row.fates.update(entry.fate for entry in reading.report)


def table(rows: dict[tuple[str, str], Row]) -> str:
    """The table, and what was refused or did not hold."""
    lines = [_line(HEAD), _line(["---", "---"] + ["--:"] * (len(HEAD) - 2))]
    for (kind, version), row in sorted(rows.items(), key=lambda item: (item[0][1], TYPES.index(item[0][0]))):
        every = sum(row.fates.values()) or 1
        counts = (row.files, row.resources, row.read, row.resources - row.read, row.readings, row.lawful)
        lines.append(_line((kind, version, *counts, *(f"{100 * row.fates[fate] / every:.0f} %" for fate in FATES))))
    for (kind, version), row in rows.items():
        lines += [f"\n{kind} {version}, refused: {each}" for each in row.refused]
        lines += [f"\n{kind} {version}, **not lawful**: {each}" for each in row.broken]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def main() -> int:
    """Run it."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--fhir", choices=("R4", "R4B", "R5"))
    asked.add_argument("--scalars", type=int, help="check the fate of so many scalars of each reading, not of all")
    asked.add_argument("--write", type=Path, help="write the table into this page")
    given = asked.parse_args()
    rows = survey(given.folder, given.fhir, given.scalars)
    told = table(rows)
    print(told)
    if given.write:
        given.write.write_text(PAGE + told, encoding="utf-8", newline="\n")
    return 1 if any(row.broken for row in rows.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
