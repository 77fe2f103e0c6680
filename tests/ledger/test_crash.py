"""Killed at any moment, the ledger is consistent."""

import random
import runpy
import subprocess
import sys
import time
from pathlib import Path

from fhircase.ledger import open_ledger

CHURN = Path(__file__).with_name("churn.py")
KILLS = 12


def test_killed_at_random_moments_it_stays_consistent_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "killed.ledger"
    wrong = runpy.run_path(str(CHURN))["wrong"]
    dice = random.Random(2026)
    for seed in range(KILLS):
        with subprocess.Popen([sys.executable, CHURN, "churn", path, str(seed)], stdout=subprocess.PIPE) as worker:
            assert worker.stdout.readline() == b"ready\n"
            time.sleep(dice.uniform(0.005, 0.25))
            assert worker.poll() is None
            worker.kill()
        assert wrong(str(path)) == []
    with open_ledger(path) as book:
        assert sum(sum(counts.values()) for counts in book.status()["servers"].values()) > KILLS
        assert len(book.changes()) > KILLS


def test_killed_while_being_made_it_is_made_again(tmp_path: Path) -> None:
    for number in range(8):
        path = tmp_path / f"{number}.ledger"
        with subprocess.Popen([sys.executable, CHURN, "churn", path, "1"]) as worker:
            deadline = time.monotonic() + 30
            while not path.exists() and time.monotonic() < deadline:
                time.sleep(0.0005)
            time.sleep(number * 0.002)
            worker.kill()
        with open_ledger(path) as book:
            book.status()
