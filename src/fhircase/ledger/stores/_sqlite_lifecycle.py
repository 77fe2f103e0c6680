"""What becomes of a ledger as a whole, in SQLite: looked over, copied, made smaller, cleared of a person."""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from fhircase.errors import LedgerError
from fhircase.ledger import moments, rows
from fhircase.ledger.entries import RecordKey
from fhircase.ledger.stores import _sqlite_file as sqlite_file
from fhircase.ledger.stores._sqlite_connection import SQL
from fhircase.ledger.stores._sqlite_memory import Memory

THINNED = ("thin_changes", "thin_conflicts", "thin_remaps", "thin_unread")
FORGOTTEN = ("forget_record", "forget_unread", "forget_braked")


class Lifecycle(Memory):
    """Those methods of the port that are about the ledger as a whole."""

    def damage(self) -> list[str]:
        health = [row[0] for row in self._execute("PRAGMA integrity_check")[0] if row[0] != "ok"]
        loose = self._execute("PRAGMA foreign_key_check")[0]
        return [*health, *(f"{row['table']}: row {row['rowid']} belongs to no row of {row['parent']}" for row in loose)]

    def backup(self, file: str) -> None:
        if Path(file).exists():
            raise LedgerError(f"{file}: is there already; give another name")
        part = f"{file}.part"
        try:
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except OSError as error:
            raise LedgerError(f"{part}: cannot be written ({error.strerror}); give another place") from None
        try:
            with closing(sqlite3.connect(part)) as copy:
                self._connection.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
            os.replace(part, file)  # noqa: PTH105 - both are names here
        except sqlite3.Error as error:
            raise sqlite_file.trouble(file, error) from error
        finally:
            with suppress(FileNotFoundError):
                Path(part).unlink()

    def put_in_place(self, path: str) -> None:
        """Let another ledger hold what this one does, in one transaction."""
        with closing(sqlite_file.connect(path, SQL, create=True)) as target:
            try:
                self._connection.backup(target)
            except sqlite3.Error as error:
                raise sqlite_file.trouble(path, error) from error

    def doubt(self, *, now: datetime) -> int:
        with self.unit():
            for row in self._run("counts"):
                self.keep_fact(row["server"], "restored", moments.written(now), now=now)
            return self._execute(SQL["doubt"])[1]

    def idle(self, before: datetime) -> Iterator[RecordKey]:
        yield from map(rows.key, self._run("idle", {"before": moments.written(before)}))

    def thin(self, keys: Iterable[RecordKey]) -> int:
        with self.unit():
            return sum(self._execute(SQL[name], key._asdict())[1] for key in keys for name in THINNED)

    def forget(self, keys: Iterable[RecordKey]) -> int:
        with self.unit():
            return sum(self._execute(SQL[name], key._asdict())[1] for key in keys for name in FORGOTTEN)

    def keep_forgotten(self, digests: Iterable[str], *, now: datetime) -> None:
        several = list(digests)
        with self.unit():
            for digest in several:
                self._run("keep_forgotten", (digest, several[0], moments.written(now)))

    def forgotten(self) -> frozenset[str]:
        return frozenset(row["digest"] for row in self._run("forgotten"))

    def drop_forgotten(self, digest: str) -> int:
        with self.unit():
            return self._execute(SQL["drop_forgotten"], (digest,))[1]

    def compact(self) -> None:
        self._execute("VACUUM")
        [[busy, *_]] = self._execute("PRAGMA wal_checkpoint(TRUNCATE)")[0]
        if busy:
            raise LedgerError(
                f"{self._path}: another process reads it, so that its journal cannot be emptied yet; "
                "do this again when nothing else runs"
            )
