"""All rows of a ledger out, and into an empty one, in SQLite."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhircase.errors import InvalidInput, LedgerError, Problem
from fhircase.ledger.stores import _sqlite_file as sqlite_file
from fhircase.ledger.stores._sqlite_connection import Connected

HEAD = "ledger"
"""What the first row is of."""
UNFIT = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError, OverflowError)


class Dumping(Connected):
    """Those methods of the port that take all rows out and in."""

    def dump(self) -> Iterator[tuple[str, dict[str, Any]]]:
        own = not self._depth
        if own:
            self._execute("BEGIN")  # One moment for all of it, while others go on writing.
        try:
            yield HEAD, {"version": self._version(), "position": self._run("last_position")[0]["position"]}
            for [table] in self._run("tables"):
                rows = self._connection.execute(f'SELECT * FROM "{table}" ORDER BY rowid')  # noqa: S608
                yield from ((table, dict(row)) for row in rows)
        finally:
            if own:
                self._execute("COMMIT")

    def load(self, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> int:
        with self.unit():
            tables = {table: self._columns(table) for [table] in self._run("tables")}
            if any(self._execute(f'SELECT 1 FROM "{table}" LIMIT 1')[0] for table in tables):  # noqa: S608
                raise LedgerError(f"{self._path}: the ledger is not empty; name a new one with --ledger")
            count, position = 0, None
            for table, row in rows:
                if position is None:
                    position = self._begun(table, row)
                else:
                    self._insert(tables, table, row)
                    count += 1
            # Positions that are gone from the feed were given out once, and may have been acknowledged.
            self._run("forget_last_position")
            self._run("keep_last_position", (position or 0,))
            return count

    def _begun(self, table: str, row: Mapping[str, Any]) -> int:
        """Check what the first row says, and return the last position in the feed."""
        known = self._version()
        version, position = row.get("version"), row.get("position")
        if table != HEAD or type(version) is not int or type(position) is not int:
            raise InvalidInput(Problem("not how a ledger's export begins"))
        if version > known:
            what = f"written by a newer fhircase (ledger version {version}, this one knows {known})"
            raise InvalidInput(Problem(what, hint="upgrade fhircase"))
        if version < known:
            what = f"of ledger version {version}, and this fhircase writes {known}"
            raise InvalidInput(Problem(what, hint="open that ledger with this fhircase, and export it again"))
        return position

    def _insert(self, tables: Mapping[str, Mapping[str, str]], table: str, row: Mapping[str, Any]) -> None:
        if table not in tables:
            raise InvalidInput(Problem("a ledger has no such table", table, f"known: {', '.join(tables)}"))
        columns = tables[table]
        if alien := row.keys() - columns.keys():
            raise InvalidInput(Problem("the table has no such column", f"{table}.{min(alien)}"))
        names = ", ".join(f'"{name}"' for name in row)
        values = [_bytes(value) if columns[name] == "BLOB" else value for name, value in row.items()]
        marks = ", ".join("?" * len(values))
        try:
            self._connection.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', values)  # noqa: S608
        except UNFIT as error:
            raise InvalidInput(Problem(f"the row does not fit: {_why(error)}", table)) from None
        except sqlite3.Error as error:
            raise sqlite_file.trouble(self._path, error) from error

    def _version(self) -> int:
        return int(self._execute("PRAGMA user_version")[0][0][0])

    def _columns(self, table: str) -> dict[str, str]:
        return {row["name"]: row["type"] for row in self._execute(f'PRAGMA table_info("{table}")')[0]}


def _bytes(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _why(error: Exception) -> str:
    """SQLite's words, which name tables and columns; other errors could name a value."""
    return str(error) if isinstance(error, sqlite3.IntegrityError) else "a value is of a wrong type"
