"""Several processes on one ledger."""

import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from fhircase.ledger import RecordKey, open_ledger

CHURN = Path(__file__).with_name("churn.py")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_two_processes_never_get_the_same_record(tmp_path: Path) -> None:
    path = tmp_path / "shared.ledger"
    keys = [RecordKey("thing", "n", str(number)) for number in range(300)]
    with open_ledger(path) as book, book.unit():
        for key in keys:
            book.keep(key, b"", now=NOW)
        book.wish("north", keys, now=NOW)
    first, second = _together(path, 2)
    assert first
    assert second
    assert sorted([*first, *second], key=int) == [key.value for key in keys]


def test_many_processes_can_make_the_same_ledger_at_once(tmp_path: Path) -> None:
    for number in range(6):
        assert _together(tmp_path / f"{number}.ledger", 6) == [[]] * 6


def _together(path: Path, count: int) -> list[list[str]]:
    """What each of several processes printed, started together."""
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, CHURN, "grab", path, f"worker-{number}"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for number in range(count)
        ]
        for worker in workers:
            assert worker.stdout.readline() == "ready\n"
        for worker in workers:
            worker.stdin.write("go\n")
            worker.stdin.flush()
        printed = [worker.communicate(timeout=60)[0].split() for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * count
    return printed
