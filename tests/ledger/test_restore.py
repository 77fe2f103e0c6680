"""A restore that is killed at any moment leaves the ledger as it was or as the backup was, marks and all."""

import random
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fhircase.errors import LedgerError
from fhircase.ledger import RecordKey, open_ledger, restore_ledger

NOW = datetime(2026, 3, 4, tzinfo=UTC)
KEYS = [RecordKey("thing", "n", str(number)) for number in range(1500)]
KILLS = 16
RESTORE = """
import sys
from datetime import UTC, datetime
from fhircase.ledger import restore_ledger
print("ready", flush=True)
restore_ledger(sys.argv[1], sys.argv[2], now=datetime(2026, 3, 4, tzinfo=UTC))
print("done", flush=True)
"""


def made(path: Path, word: bytes) -> Path:
    """A ledger of which every record says the same word, closed."""
    with open_ledger(path) as book, book.unit():
        for key in KEYS:
            book.keep(key, word + b"." * 3000, now=NOW)
        book.wish("north", KEYS, now=NOW)
    return path


def stands(path: Path) -> str:
    """The word that every record of a ledger says: of another one, of a mixture and of missing marks nothing."""
    with open_ledger(path, create=False) as book:
        assert book.damage() == []
        words = [record.current.strip(b".").decode() for record in book.scan()]
        marks = {delivery.unsure for delivery in book.deliveries("north", KEYS).values()}
        restored = "restored" in book.facts("north")
    assert len(words) == len(KEYS)
    assert (set(words), marks, restored) in (({"now"}, {False}, False), ({"yesterday"}, {True}, True))
    return words[0]


def restoring(path: Path, backup: Path) -> "subprocess.Popen[bytes]":
    """A process that restores, about to begin."""
    command = [sys.executable, "-c", RESTORE, str(path), str(backup)]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert worker.stdout
    assert worker.stdout.readline() == b"ready\n"
    return worker


@pytest.mark.parametrize("opened", [False, True])
def test_killed_at_any_moment_the_old_ledger_is_there_or_the_restored_one(tmp_path, opened):
    now, backup = made(tmp_path / "now", b"now"), made(tmp_path / "backup", b"yesterday")
    with restoring(shutil.copy(now, tmp_path / "whole"), backup) as worker:
        begun = time.monotonic()
        assert worker.stdout.readline() == b"done\n"
        took = time.monotonic() - begun
    assert stands(tmp_path / "whole") == "yesterday"

    dice, seen = random.Random(2026), []
    broken = 0
    for number in range(KILLS):
        path = shutil.copy(now, tmp_path / f"{number}.ledger")
        with ExitStack() as others:
            if opened:
                others.enter_context(open_ledger(path)).status()
            with restoring(path, backup) as worker:
                time.sleep(took * (number + dice.random()) / KILLS)
                worker.kill()
            seen.append(stands(path))
        part = Path(f"{path}.restoring")
        if part.exists():
            broken += 1
            with pytest.raises(LedgerError, match="broke off; remove it in that case"):
                restore_ledger(path, backup, now=NOW)
            assert part.stat().st_mode & 0o777 == 0o600
            for left in tmp_path.glob(f"{part.name}*"):
                left.unlink()
        restore_ledger(path, backup, now=NOW)
        assert stands(path) == "yesterday"
    assert "now" in seen
    assert broken, "it was never killed before the end"


def test_a_new_ledger_whose_restore_is_killed_is_not_there_or_empty_or_whole(tmp_path):
    backup = made(tmp_path / "backup", b"yesterday")
    for number in range(6):
        path = tmp_path / f"{number}.ledger"
        with restoring(path, backup) as worker:
            time.sleep(number * 0.03)
            worker.kill()
        if path.exists():
            with open_ledger(path) as book:
                assert book.damage() == []
                empty = book.counts() == {}
            assert empty or stands(path) == "yesterday"
