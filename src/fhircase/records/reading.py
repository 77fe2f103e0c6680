"""Text to records, one at a time: each a record, or everything that is wrong with it."""

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from fhircase.errors import Problem
from fhircase.model import RECORDS, Record
from fhircase.records.pieces import Cut, Piece, piece_of, pieces
from fhircase.records.wording import problems_of
from fhircase.records.writing import SCHEMA
from fhircase.records.zones import with_offsets


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a file, or why there is none."""

    source: str
    """File and line."""
    text: bytes
    """Its bytes as they stand in the file, without the line end."""
    record: Any = None
    problems: tuple[Problem, ...] = ()


def read_records(stream: BinaryIO, name: str = "-", timezone: ZoneInfo | None = None) -> Iterator[Line]:
    """Read records from NDJSON, from a JSON list, or the one that a JSON file holds.

    A bad record does not stop the others: it comes as a line with problems, all of them.

    Args:
        stream: an open binary file; it is read as the records are taken.
        name: what the file is called, for messages.
        timezone: the zone meant by date-times without an offset; without it they are refused.
    """
    for piece in pieces(stream, name):
        yield _line(piece, timezone)


def read_rows(
    stream: BinaryIO, name: str, load: Callable[[dict[str, Any], str], tuple[Any, tuple[Problem, ...]]]
) -> Iterator[Line]:
    """Read records of somebody's own model, as `read_records` reads ours; `load` makes each of its JSON object."""
    for piece in pieces(stream, name):
        if piece.problem is not None or not isinstance(piece.value, dict):
            problem = piece.problem or Problem("not a record", source=piece.source, hint="a record is an object: {...}")
            yield Line(piece.source, piece.text, problems=(problem,))
        else:
            record, problems = load(piece.value, piece.source)
            yield Line(piece.source, piece.text, record, problems)


def read_record(cut: Cut, timezone: ZoneInfo | None = None) -> Line:
    """Read the record in one piece of a file."""
    return _line(piece_of(cut), timezone)


def _line(piece: Piece, timezone: ZoneInfo | None) -> Line:
    if piece.problem is not None:
        return Line(piece.source, piece.text, problems=(piece.problem,))
    if not isinstance(piece.value, dict):
        hint = "a record is an object: {...}"
        return Line(piece.source, piece.text, problems=(Problem("not a record", source=piece.source, hint=hint),))
    data = dict(piece.value)
    kind, schema = data.pop("record", None), data.pop("schema", None)
    if unfit := tuple(_unfit(kind, schema, data, piece.source)):
        return Line(piece.source, piece.text, problems=unfit)
    record, found = _record(kind, data, timezone, piece.source)
    return Line(piece.source, piece.text, record, found)


def _unfit(kind: Any, schema: Any, data: dict[str, Any], source: str) -> Iterator[Problem]:
    """What is wrong with saying what this is."""
    if "resourceType" in data:
        yield Problem("a FHIR resource, not a record", source=source, hint="`fhircase read` makes records of resources")
        return
    if not isinstance(kind, str) or kind not in RECORDS:
        known = ", ".join(RECORDS)
        close = difflib.get_close_matches(kind, RECORDS, n=1) if isinstance(kind, str) else []
        what = "missing" if kind is None else "unknown kind of record"
        hint = f"did you mean `{close[0]}`?" if close else 'write it like "record": "case"'
        yield Problem(what, "record", f"one of: {known}", hint, source)
    if schema is None:
        yield Problem("missing", "schema", "each record says its format's version", f'add "schema": {SCHEMA}', source)
    elif isinstance(schema, bool) or schema != SCHEMA:
        hint = "a newer fhircase may read it" if isinstance(schema, int) and schema > SCHEMA else f"write {SCHEMA}"
        yield Problem("unknown version of the record format", "schema", f"known here: {SCHEMA}", hint, source)


def _record(
    kind: str, data: dict[str, Any], timezone: ZoneInfo | None, source: str
) -> tuple[Record | None, tuple[Problem, ...]]:
    model = RECORDS[kind]
    found: list[Problem] = []
    if timezone is not None:
        data = with_offsets(data, model, timezone, found, source)
    key = data.get("key")
    if isinstance(key, dict) and isinstance(key.get("kind"), str) and key["kind"] != kind:
        found.append(Problem("not the kind of this record", "key.kind", f"`{kind}`, as in `record`", "", source))
    try:
        record = model.model_validate(data)
    except ValidationError as error:
        return None, (*found, *problems_of(error, model, data, source))
    return (None, tuple(found)) if found else (record, ())
