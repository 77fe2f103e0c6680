"""A ledger as a whole: backed up while others write, restored, of an older schema; leases across machines."""

import platform
import runpy
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fhircase.errors import LedgerError
from fhircase.ledger import Local, RecordKey, Resource, State, Verdict, open_ledger, restore_ledger
from fhircase.ledger.stores import _queries as queries
from fhircase.ledger.stores import _sqlite_file as sqlite_file
from fhircase.ledger.stores._sqlite_connection import SQL
from fhircase.worker import owner

CHURN = Path(__file__).with_name("churn.py")
NOW = datetime(2026, 3, 4, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
KEY = RecordKey("thing", "n", "1")


def filled(path, text=b"1"):
    with open_ledger(path) as book:
        book.keep(KEY, text, now=NOW, local=Local(text, "d"))
        book.wish("north", [KEY], now=NOW)
        [claim] = book.claim("north", owner="o", limit=1, lease=timedelta(1), now=NOW)
        book.settle(claim, Verdict.accepted(), now=NOW, resources=[Resource("north", KEY, "a", "A/1", "1", text)])


def test_a_backup_made_while_another_process_writes_is_whole(tmp_path):
    path = tmp_path / "busy.ledger"
    wrong = runpy.run_path(str(CHURN))["wrong"]
    with subprocess.Popen([sys.executable, CHURN, "churn", path, "7"], stdout=subprocess.PIPE) as worker:
        assert worker.stdout.readline() == b"ready\n"
        sizes = []
        with open_ledger(path) as book:
            for number in range(8):
                before = len(book.changes())
                book.backup(str(tmp_path / f"{number}.backup"))
                sizes.append(len(book.changes()) - before)
        assert worker.poll() is None
        worker.kill()
    assert sum(sizes) > 0, "it wrote meanwhile"
    for number in range(8):
        backup = tmp_path / f"{number}.backup"
        assert wrong(str(backup)) == []
        assert backup.stat().st_mode & 0o777 == 0o600
    with open_ledger(tmp_path / "7.backup", create=False) as copy:
        assert copy.status()["servers"]


def test_a_backup_never_takes_the_place_of_a_file(tmp_path):
    filled(tmp_path / "l")
    (tmp_path / "b").write_text("mine")
    with open_ledger(tmp_path / "l") as book, pytest.raises(LedgerError, match="is there already"):
        book.backup(str(tmp_path / "b"))
    assert (tmp_path / "b").read_text() == "mine"


def test_what_is_restored_is_in_doubt_and_no_earlier_claim_is_good(tmp_path):
    filled(tmp_path / "l")
    with open_ledger(tmp_path / "l") as book:
        book.backup(str(tmp_path / "b"))
        book.keep(KEY, b"2", now=NOW)
        book.wish("north", [KEY], now=NOW)
        [claim] = book.claim("north", owner="o", limit=1, lease=timedelta(1), now=NOW)
        restore_ledger(tmp_path / "l", tmp_path / "b", now=LATER)
        # The connection that was open all the while sees what was restored.
        assert book.records([KEY])[KEY].current == b"1"
        assert book.deliveries("north", [KEY])[KEY].unsure
        assert "restored" in book.facts("north")
        assert not book.settle(claim, Verdict.accepted(), now=LATER)
        book.keep(KEY, b"3", now=LATER)
        book.wish("north", [KEY], now=LATER)
        [again] = book.claim("north", owner="o", limit=1, lease=timedelta(1), now=LATER)
        assert (again.unsure, book.settle(claim, Verdict.accepted(), now=LATER)) == (True, False)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["b", "l"]


def test_a_lost_ledger_is_restored_into_a_new_file(tmp_path):
    filled(tmp_path / "l")
    with open_ledger(tmp_path / "l") as book:
        book.backup(str(tmp_path / "b"))
    restore_ledger(tmp_path / "new", tmp_path / "b", now=LATER)
    with open_ledger(tmp_path / "new", create=False) as book:
        assert book.records([KEY])[KEY].current == b"1"


@pytest.mark.parametrize(("content", "message"), [(None, "no such file"), (b"dear diary " * 100, "not a ledger")])
def test_what_is_no_backup_leaves_the_ledger_alone(tmp_path, content, message):
    filled(tmp_path / "l")
    if content:
        (tmp_path / "b").write_bytes(content)
    with pytest.raises(LedgerError, match=message):
        restore_ledger(tmp_path / "l", tmp_path / "b", now=LATER)
    with open_ledger(tmp_path / "l") as book:
        assert book.records([KEY])[KEY].current == b"1"


@pytest.mark.parametrize("version", [1, 2])
def test_a_ledger_of_an_older_schema_opens_with_all_its_data(tmp_path, version):
    path = tmp_path / "old.ledger"
    with closing(sqlite3.connect(path)) as old:
        for number in range(1, version + 1):
            for statement in queries.statements(SQL[f"schema_{number}"]):
                old.execute(statement)
        old.execute(f"PRAGMA application_id = {sqlite_file.APPLICATION_ID}")
        old.execute(f"PRAGMA user_version = {version}")
        old.execute("INSERT INTO records VALUES (1, 'thing', 'n', '1', x'31', 3, x'30', 'd', '2026-01-01')")
        old.execute("INSERT INTO resources VALUES ('north', 1, 'a', 'A/1', '7', x'31', 'm', 0, '2026-01-01')")
        moment = "2026-01-01T00:00:00.000000+00:00"
        old.execute(
            "INSERT INTO deliveries VALUES ('north', 1, 'agreed', ?, ?, 3, 3, 0, 1, 0, NULL, NULL, NULL, '', '', '[]')",
            (moment, moment),
        )
        old.execute("INSERT INTO cursors VALUES ('north', 'all', '5', '2026-01-01')")
        old.execute("INSERT INTO links VALUES ('north', 'Patient s|1', 'Patient/1', '2026-01-01')")
        old.execute("INSERT INTO changes VALUES (NULL, 'c1', 1, 3, ?, 'north', '[\"x\"]')", (moment,))
        if version > 1:
            old.execute("INSERT INTO unread VALUES (1, 'north', 'thing', 'n', '2', 'm', x'5b5d', '2026-01-01')")
            old.execute("INSERT INTO remaps VALUES ('north', 1, 'm', x'31', '2026-01-01')")
        old.commit()
    with open_ledger(path, create=False) as book:
        record = book.records([KEY])[KEY]
        assert (record.current, record.revision, record.local) == (b"1", 3, Local(b"0", "d"))
        assert book.resources("north", [KEY])[KEY][0].etag == "7"
        assert book.deliveries("north", [KEY])[KEY].state is State.AGREED
        assert (book.cursor("north", "all"), book.links("north", ["Patient s|1"])) == (
            "5",
            {"Patient s|1": "Patient/1"},
        )
        assert [(change.id, change.text) for change in book.changes()] == [("c1", None)]
        assert len(book.unread("north")) == len(book.remaps("north")) == version - 1
        assert (book.damage(), book.count_put_by(), book.conflicts()) == ([], {}, [])


def test_a_claim_of_another_machine_is_rescued_only_when_its_lease_ran_out(tmp_path):
    here = owner.name()
    there = here.replace(platform.node(), "another-machine", 1)
    with open_ledger(tmp_path / "l") as book:
        book.keep(KEY, b"1", now=NOW)
        book.wish("north", [KEY], now=NOW)
        book.claim("north", owner=there, limit=1, lease=timedelta(minutes=5), now=NOW)
        soon = NOW + timedelta(minutes=4)
        assert owner.dead(book.owners()) == frozenset()
        assert book.rescue(now=soon, dead=owner.dead(book.owners())) == 0
        assert book.rescue(now=NOW + timedelta(minutes=5), dead=owner.dead(book.owners())) == 1
        assert book.deliveries("north", [KEY])[KEY].unsure


def test_a_wish_and_an_answer_that_race_across_processes_lose_nothing(tmp_path):
    """One connection edits while the other sends and settles; the newest is always still owed or agreed."""
    path = tmp_path / "l"
    with open_ledger(path) as one, open_ledger(path) as other:
        for number in range(1, 30):
            one.keep(KEY, b"%d" % number, now=NOW)
            one.wish("north", [KEY], now=NOW)
            [claim] = other.claim("north", owner="o", limit=1, lease=timedelta(1), now=NOW)
            one.keep(KEY, b"%d+" % number, now=NOW)
            one.wish("north", [KEY], now=NOW)
            assert one.claim("north", owner="p", limit=1, lease=timedelta(1), now=NOW) == []
            assert other.settle(claim, Verdict.accepted(), now=NOW)
            assert one.deliveries("north", [KEY])[KEY].state is State.OWED
            [last] = one.claim("north", owner="p", limit=1, lease=timedelta(1), now=NOW)
            assert last.record.current == b"%d+" % number
            assert not other.settle(claim, Verdict.accepted(), now=NOW)
            assert one.settle(last, Verdict.accepted(), now=NOW)
            assert other.deliveries("north", [KEY])[KEY].state is State.AGREED
