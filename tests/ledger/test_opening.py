"""What is not a ledger of ours is left alone, and said so."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fhircase.errors import LedgerError
from fhircase.ledger import open_ledger
from fhircase.ledger.stores import stores


def test_a_text_file_is_not_a_ledger_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("dear diary " * 100)
    with pytest.raises(LedgerError, match=r"notes\.txt: not a ledger; give another path with --ledger"):
        open_ledger(path)
    assert path.read_text() == "dear diary " * 100


def test_another_programs_database_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE theirs (x)")
        other.commit()
    before = path.read_bytes()
    with pytest.raises(LedgerError, match=r"other\.db: a database of another program"):
        open_ledger(path)
    assert path.read_bytes() == before


def test_a_newer_ledger_is_not_opened_by_an_older_program(tmp_path: Path) -> None:
    path = tmp_path / "new.ledger"
    open_ledger(path).close()
    with closing(sqlite3.connect(path)) as later:
        later.execute("PRAGMA user_version = 99")
    with pytest.raises(LedgerError, match=r"newer fhircase \(ledger version 99, .*upgrade fhircase"):
        open_ledger(path)


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    path = tmp_path / "empty.ledger"
    path.touch()
    with open_ledger(path) as book:
        assert book.status() == {"servers": {}}


def test_a_damaged_ledger_says_so(tmp_path: Path) -> None:
    path = tmp_path / "bad.ledger"
    open_ledger(path).close()
    text = bytearray(path.read_bytes())
    text[100:3000] = b"\xff" * 2900
    path.write_bytes(text)
    with pytest.raises(LedgerError, match=r"bad\.ledger: the ledger is damaged"):
        open_ledger(path)


def test_a_missing_ledger_is_made_only_where_one_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "none.ledger"
    with pytest.raises(LedgerError, match="there is no ledger yet"):
        open_ledger(path, create=False)
    assert not path.exists()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="its folder does not exist"):
        open_ledger(tmp_path / "nowhere" / "x.ledger")
    with pytest.raises(LedgerError, match="a folder, not a file"):
        open_ledger(tmp_path)


def test_an_unknown_store_is_named() -> None:
    with pytest.raises(LedgerError, match="no ledger can be kept in redis://; known: a file path, sqlite"):
        open_ledger("redis://x")


def test_only_its_owner_can_read_a_ledger(tmp_path: Path) -> None:
    path = tmp_path / "private.ledger"
    with open_ledger(path) as book:
        book.move_cursor("a", "b", "c", now=datetime(2026, 1, 1, tzinfo=UTC))
        files = list(tmp_path.iterdir())
        assert len(files) == 3
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_the_settings_that_make_it_safe_are_on(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "x.ledger") as book:
        connection = book._connection
        ask = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert ask == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_what_stores_share_is_no_store() -> None:
    found = stores().values()
    assert [store.SCHEME for store in found] == ["sqlite"]
    assert all(callable(store.open_store) for store in found)
