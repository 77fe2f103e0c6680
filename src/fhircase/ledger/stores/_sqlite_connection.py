"""One connection to a ledger file: its transactions, its queries, and whom a key means."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from fhircase.errors import LedgerError
from fhircase.ledger.entries import RecordKey
from fhircase.ledger.stores import _queries as queries
from fhircase.ledger.stores import _sqlite_file as sqlite_file

SQL = queries.load(__package__, "sqlite.sql")
ALL = -1  # SQLite's word for no limit


class Connected:
    """What every part of the store does its work with."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self._path = path
        self._depth = 0
        self._doomed = False

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @contextmanager
    def unit(self) -> Iterator[None]:
        if self._depth:
            yield from self._inner_unit()
            return
        # IMMEDIATE: what is read inside is still so when it is written.
        self._execute("BEGIN IMMEDIATE")
        self._depth, self._doomed = 1, False
        try:
            yield
            if self._doomed:
                raise LedgerError("a part of this unit failed, so nothing of it was kept")
            self._execute("COMMIT")
        finally:
            self._depth = 0
            if self._connection.in_transaction:
                self._execute("ROLLBACK")

    @contextmanager
    def part(self) -> Iterator[None]:
        if not self._depth:
            raise LedgerError("a part needs a unit around it")
        doomed = self._doomed
        self._execute("SAVEPOINT part")
        try:
            yield
            if self._doomed and not doomed:
                raise LedgerError("a piece of this part failed, so nothing of it was kept")  # noqa: TRY301 - undone below
        except BaseException:
            self._doomed = doomed
            if self._connection.in_transaction:  # Of itself SQLite ends it when the disk is full, say.
                self._execute("ROLLBACK TO part")
            raise
        finally:
            if self._connection.in_transaction:
                self._execute("RELEASE part")

    def _inner_unit(self) -> Iterator[None]:
        self._depth += 1
        try:
            yield
        except BaseException:
            self._doomed = True
            raise
        finally:
            self._depth -= 1

    def _identity(self, key: RecordKey) -> tuple[int, int]:
        for row in self._run("identity", key):
            return row["id"], row["revision"]
        raise unknown(key)

    def _run(self, query: str, values: Any = ()) -> list[sqlite3.Row]:
        return self._execute(SQL[query], values)[0]

    def _execute(self, sql: str, values: Any = ()) -> tuple[list[sqlite3.Row], int]:
        try:
            cursor = self._connection.execute(sql, values)
            return cursor.fetchall(), cursor.rowcount
        except sqlite3.Error as error:
            raise sqlite_file.trouble(self._path, error) from error


def unknown(key: RecordKey) -> LedgerError:
    """What to say of a record that should have been kept first."""
    return LedgerError(f"the ledger holds no {key.kind} {key.value} of {key.namespace}; keep it first")
