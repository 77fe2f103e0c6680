"""The demonstration as a user starts it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path


def run(*args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "fhircase", "demo", *args], capture_output=True, text=True, check=False, timeout=300
    )


def test_it_closes_the_loop_and_its_proof_holds() -> None:
    result = run("--count", "20")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.count("│ yes │") == 6
    assert "│ no  │" not in result.stdout
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in loop_of(result.stdout).splitlines()]
    completed = [row for row in rows if row[1:2] == ["completed"]]
    assert completed
    assert all(row[2:4] == ["completed", "completed"] for row in completed)
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def loop_of(shown: str) -> str:
    """The table of where referrals stand after the hospital took the answers in."""
    return shown.partition("the loop is closed")[2].partition("╰")[0]


def test_the_server_stays_up_when_asked_to() -> None:
    result = run("--count", "2", "--keep")
    told = re.search(r"stays up at (\S+)\n.*kill (\d+)\nits data: (\S+)", result.stdout)
    assert told, result.stdout + result.stderr
    try:
        with urllib.request.urlopen(f"{told[1]}/Organization?_summary=count", timeout=10) as answer:  # noqa: S310
            assert answer.status == 200
    finally:
        os.kill(int(told[2]), signal.SIGTERM)
        shutil.rmtree(Path(told[3]), ignore_errors=True)
