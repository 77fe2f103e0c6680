"""`fhircase changes` and `ack`: the feed for the local system, on the command line."""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from fhircase.cli import exits
from fhircase.ledger import Change, RecordKey, open_ledger

KEY = RecordKey("care-plan", "https://h.example", "P-1")
NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)


def announce(folder, *numbers):
    with open_ledger(folder / "fhircase.ledger") as ledger:
        for number in numbers:
            text = b'{"record":"care-plan","schema":1,"n":%d.50}' % number
            ledger.keep(KEY, text, now=NOW)
            ledger.announce(Change(f"{number:032x}", KEY, number, NOW, "ehr", ("title",), text=text))


def offered(result):
    assert result.exit_code == exits.DONE, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_changes_are_offered_until_they_are_acknowledged(run, tmp_path):
    announce(tmp_path, 1, 2, 3)
    first, second, third = offered(run("changes"))
    assert (first["source"], first["when"], first["fields"]) == ("ehr", "2026-03-04T05:06:00+00:00", ["title"])
    assert b'"n":1.50}' in run("changes", "--limit", "1").stdout_bytes, "digits as they are"
    assert offered(run("changes", "--after", second["cursor"])) == [third]

    assert "2 changes acknowledged" in run("ack", second["cursor"]).stderr
    assert offered(run("changes")) == [third]
    assert "0 changes acknowledged" in run("ack", first["cursor"]).stderr


def test_a_cursor_that_is_none_is_refused_with_what_to_do(run, tmp_path):
    announce(tmp_path, 1)
    for arguments in (("ack", "1.ffffffff"), ("changes", "--after", "7.00000000")):
        result = run(*arguments)
        assert (result.exit_code, "start without --after" in result.stderr) == (exits.BAD_INPUT, True)


def test_without_a_ledger_there_is_nothing_to_offer(run):
    result = run("changes")
    assert (result.exit_code, "there is no ledger yet" in result.stderr) == (exits.USAGE, True)


@contextmanager
def following(folder):
    command = [sys.executable, "-m", "fhircase", "changes", "--follow"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent to a process otherwise there")
def test_follow_tells_what_comes_and_ends_cleanly_on_ctrl_c(tmp_path):
    announce(tmp_path, 1)
    with following(tmp_path) as process:
        assert json.loads(process.stdout.readline())["record"]["n"] == 1.5
        announce(tmp_path, 2)
        assert json.loads(process.stdout.readline())["record"]["n"] == 2.5
        process.send_signal(signal.SIGINT)
        rest, complaints = process.communicate(timeout=20)
    assert (process.returncode, rest, complaints) == (exits.DONE, b"", b"")


@pytest.mark.skipif(sys.platform == "win32", reason="a closed pipe is seen there at the next change only")
def test_follow_ends_when_nobody_reads_any_more(tmp_path):
    announce(tmp_path, 1)
    with following(tmp_path) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=20) == exits.DONE
        assert process.stderr.read() == b""
