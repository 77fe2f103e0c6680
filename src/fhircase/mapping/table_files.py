"""Code tables that stand in files of their own beside a mapping file: CSV, or a FHIR ConceptMap."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap

from fhircase.mapping.concept_maps import concept_table
from fhircase.mapping.csv_tables import READS, csv_table

_READERS = {".csv": csv_table, ".tsv": csv_table, ".json": concept_table}


def fill_tables(document: CommentedMap, folder: Path) -> None:
    """Put the rows of files where a document names them: `rows: acuity.csv`, `rows: acuity.json`, beside the document.

    Raises:
        MappingFileError: such a file is wrong; every problem, with the file and where in it.
    """
    for spec in _specs(document.get("tables")):
        if (found := _read(spec.get("rows"), folder)) is not None:
            spec.update(
                {
                    word: _joined(value, spec.get(word) if word != "rows" else None)
                    for word, value in found.items()
                    if value
                }
            )
    rows = document.get("rows")
    for name, named in rows.items() if isinstance(rows, CommentedMap) else ():
        if (found := _read(named, folder)) is not None:
            rows[name] = found["rows"]
            if only_read := found.get(READS):
                reads = document.setdefault(READS, CommentedMap())
                reads[name] = _joined(only_read, reads.get(name))


def _specs(tables: Any) -> Iterator[CommentedMap]:
    """The tables, and what they say for one FHIR version."""
    for spec in tables.values() if isinstance(tables, Mapping) else ():
        for each in (spec, *(spec.get(version) for version in ("R4", "R5"))) if isinstance(spec, CommentedMap) else ():
            if isinstance(each, CommentedMap):
                yield each


def _joined(found: Any, said: Any) -> Any:
    """What a file says, and what the document says beside it."""
    if isinstance(found, Mapping) and isinstance(said, Mapping):
        return CommentedMap({**found, **said})
    return said or found


def _read(named: Any, folder: Path) -> Mapping[str, Any] | None:
    reader = _READERS.get(Path(named).suffix.lower()) if isinstance(named, str) else None
    return reader(folder / named) if reader and isinstance(named, str) else None
