"""A ledger as lines of NDJSON, and back: the way to another machine, or another store."""

import base64
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from fhircase.errors import InvalidInput, LedgerError, Problem
from fhircase.fhir import jsontext
from fhircase.ledger import Ledger

TABLE = "table"
"""Under which each line says what it is a row of; the other names are the row's columns."""
END = "end"
"""What the last line is of: it counts the rows and seals all lines before it, so that a file that was cut is known."""
SIZE = 16
AS_IT_WAS = "take the file as `fhircase ledger export` wrote it, or export again"
CUT = "the file ends in the middle"


def exported(ledger: Ledger) -> Iterator[bytes]:
    """Everything in a ledger as of one moment, a row a line; the same ledger always gives the same bytes."""
    seal, count = blake2b(digest_size=SIZE), 0
    for count, (table, row) in enumerate(ledger.dump()):  # noqa: B007 - the first line is no row
        line = _line(table, {name: _plain(value) for name, value in row.items()})
        seal.update(line)
        yield line
    yield _line(END, {"rows": count, "seal": seal.hexdigest()})


def imported(ledger: Ledger, lines: Iterable[bytes], source: str, *, now: datetime | None = None) -> int:
    """Fill an empty ledger with an export, wholly or not at all; returns how many rows.

    Args:
        ledger: the empty one.
        lines: of the export.
        source: what the export is called in messages.
        now: where the export is not of this moment: all of it is in doubt then, as after a restore.

    Raises:
        LedgerError: the ledger is not empty, or the export is cut short, altered, or of another version; it says where.
    """
    reading = _Reading(lines)
    try:
        with ledger.unit():
            count = ledger.load(reading)
            if now is not None:
                ledger.rescue(now=now, dead=ledger.owners())
                ledger.doubt(now=now)
            return count
    except InvalidInput as error:
        where = f"{source}:{reading.number}" if reading.number else source
        problem = error.problems[0]
        raise LedgerError(str(replace(problem, source=where, hint=problem.hint or AS_IT_WAS))) from None


class _Reading:
    """Reads rows from lines, and sees to it that all of them are there."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = lines
        self._seal = blake2b(digest_size=SIZE)
        self.number = 0
        """Of the line read last."""

    def __iter__(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        last = ""
        for table, row in self._rows():
            if last == END:
                raise _altered("there is more after the end")
            last = table
            if table == END:
                self._whole(row)
            else:
                yield table, row
        if last != END:
            raise _altered(CUT)

    def _rows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for line in self._texts():
            self.number += 1
            try:
                row = jsontext.decode(line)
                table = row.pop(TABLE)
            except (ValueError, KeyError, AttributeError, TypeError):
                raise _altered("no row of a ledger" if line.endswith(b"\n") else CUT) from None
            if table != END:
                self._seal.update(line.rstrip(b"\r\n") + b"\n")
            yield str(table), {name: _value(value) for name, value in row.items()}

    def _texts(self) -> Iterator[bytes]:
        try:
            yield from self._lines
        except (EOFError, zlib.error):
            raise _altered("the packed file ends in the middle, or is damaged") from None

    def _whole(self, row: Mapping[str, Any]) -> None:
        # The first line and this one are no rows.
        if row.get("rows") != self.number - 2:
            raise _altered("lines are missing, or were added")
        if row.get("seal") != self._seal.hexdigest():
            raise _altered("a line is not as it was exported")


def _altered(what: str) -> InvalidInput:
    return InvalidInput(Problem(what))


def _line(table: str, row: Mapping[str, Any]) -> bytes:
    return jsontext.encode({TABLE: table, **row}) + b"\n"


def _plain(value: Any) -> Any:
    """Bytes are JSON nearly always, and stand as text; others in base64."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def _value(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) and value.keys() == {"base64"} else value
