"""Opening a SQLite file as a ledger: is it one, is it ours to make, is it of this version."""

import os
import sqlite3
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from fhircase.errors import LedgerError
from fhircase.ledger.stores import _queries as queries

APPLICATION_ID = 0x46484C47
"""Marks the file as a ledger (`file` and SQLite show it)."""

CACHE = 32 * 1024
"""KiB of the file to keep at hand: with SQLite's own 2 MB each record is read from the file again and again."""

WAIT = 60.0
"""Seconds to wait for another process's transaction; ours are short."""


def connect(path: str, sql: Mapping[str, str], *, create: bool) -> sqlite3.Connection:
    """Open a ledger file, making or migrating it if need be.

    Raises:
        LedgerError: it is not there, cannot be read, is not a ledger, or is newer than this program.
    """
    _prepare(path, create=create)
    try:
        connection = sqlite3.connect(path, timeout=WAIT, isolation_level=None)
    except sqlite3.Error as error:
        raise trouble(path, error) from error
    try:
        _settle_in(connection, path, sql)
    except sqlite3.Error as error:
        connection.close()
        raise trouble(path, error) from error
    except BaseException:
        connection.close()
        raise
    connection.row_factory = sqlite3.Row
    return connection


def trouble(path: str, error: sqlite3.Error) -> LedgerError:
    """Say what SQLite's error means for the one who runs this."""
    text = str(error)
    if "not a database" in text:
        return LedgerError(f"{path}: not a ledger; give another path with --ledger, or move this file away")
    if "malformed" in text:
        return LedgerError(f"{path}: the ledger is damaged ({text}); restore its latest backup")
    if "locked" in text:
        return LedgerError(f"{path}: another process keeps the ledger busy; try again later")
    if "readonly" in text or "unable to open" in text:
        return LedgerError(f"{path}: cannot be opened for writing; check the path and its permissions")
    if "full" in text:
        return LedgerError(f"{path}: the disk is full; nothing was written, make room and run it again")
    return LedgerError(f"{path}: {text}")


def _prepare(path: str, *, create: bool) -> None:
    if Path(path).is_dir():
        raise LedgerError(f"{path}: a folder, not a file; give a file path with --ledger")
    if path == ":memory:" or Path(path).exists():
        return
    if not create:
        raise LedgerError(f"{path}: there is no ledger yet; a first `fhircase push` or `pull` makes it")
    if not Path(path).absolute().parent.is_dir():
        raise LedgerError(f"{path}: its folder does not exist; make it first")
    # Records are about people: nobody else on the machine may read them. SQLite's own files follow suit.
    with suppress(FileExistsError):
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except PermissionError:
            raise LedgerError(f"{path}: may not be created here; check the folder's permissions") from None


def _settle_in(connection: sqlite3.Connection, path: str, sql: Mapping[str, str]) -> None:
    newest = sum(name.startswith("schema_") for name in sql)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = -{CACHE}")
    # Three questions need one transaction to be about the same moment: others may be making the file.
    connection.execute("BEGIN")
    version = _version(connection, path, newest)
    connection.execute("COMMIT")
    if version < newest:
        connection.execute("BEGIN IMMEDIATE")
        for following in range(_version(connection, path, newest) + 1, newest + 1):
            _migrate(connection, sql[f"schema_{following}"], following)
        connection.execute("COMMIT")
    _write_ahead(connection)


def _write_ahead(connection: sqlite3.Connection) -> None:
    deadline = time.monotonic() + WAIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            # Switching the mode is where SQLite does not wait for others by itself.
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _version(connection: sqlite3.Connection, path: str, newest: int) -> int:
    [mark] = connection.execute("PRAGMA application_id").fetchone()
    [version] = connection.execute("PRAGMA user_version").fetchone()
    [things] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if mark != APPLICATION_ID and (mark or things or version):
        raise LedgerError(f"{path}: a database of another program; give another path with --ledger")
    if version > newest:
        raise LedgerError(
            f"{path}: written by a newer fhircase (ledger version {version}, this one knows "
            f"{newest}); upgrade fhircase, or give another path with --ledger"
        )
    return int(version)


def _migrate(connection: sqlite3.Connection, script: str, version: int) -> None:
    if sqlite3.sqlite_version_info < (3, 37):
        script = script.replace(") STRICT;", ");")
    for statement in queries.statements(script):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {version}")
