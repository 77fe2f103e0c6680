"""`fhircase mappings check --watch`, as an analyst has it beside the editor."""

import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fhircase.cli.watching import check_again

PATIENCE = 60
RIGHT = "overlay: site@1\nover: [case@1]\n"


class Watching:
    """The command in a process of its own, and what it says."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "fhircase", "mappings", "check", "site.yaml", "--watch"]
        self.process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
        self._said: queue.Queue[str] = queue.Queue()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._said.put(line.rstrip("\n"))

    def next(self) -> list[str]:
        """What is said up to the sum."""
        lines = [self._said.get(timeout=PATIENCE)]
        while "Ctrl-C ends" not in lines[-1]:
            lines.append(self._said.get(timeout=PATIENCE))
        return lines


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Watching]:
    (tmp_path / "site.yaml").write_text(RIGHT, encoding="utf-8")
    started = Watching(tmp_path)
    yield started
    started.process.kill()
    started.process.wait()
    started.listener.join()
    started.process.stderr.close()


def test_each_change_tells_what_is_new_and_what_is_gone(watching, tmp_path):
    place = tmp_path / "site.yaml"
    assert watching.next() == ["no problems; Ctrl-C ends"]

    place.write_text(f"{RIGHT}drop: [nots]\n", encoding="utf-8")
    new, count = watching.next()
    assert new.startswith("+ site.yaml:3: rule `nots` is not there; did you mean `notes`?")
    assert count == "1 problem; Ctrl-C ends"

    other = tmp_path / "site.new"
    other.write_text(f"# moved\n{RIGHT}drop: [nots]\nchange: {{statsu: {{table: x}}}}\n", encoding="utf-8")
    other.replace(place)
    new, count = watching.next()
    assert new.startswith("+ site.yaml:5: rule `statsu` is not there")
    assert count == "2 problems; Ctrl-C ends"

    place.write_text("overlay: site@1\nover: [case@1\n", encoding="utf-8")
    assert [line[:2] for line in watching.next()[:-1]] == ["- ", "- ", "+ "]
    place.write_text(RIGHT, encoding="utf-8")
    gone, count = watching.next()
    assert (gone[:2], count) == ("- ", "no problems; Ctrl-C ends")

    watching.process.send_signal(signal.SIGINT)
    assert watching.process.wait(timeout=PATIENCE) == 0


def test_ctrl_c_in_the_middle_of_a_check_ends_it_as_well():
    looked = []

    def check():
        looked.append("once")
        raise KeyboardInterrupt

    check_again(check, [])
    assert looked == ["once"]


def test_without_watchfiles_it_says_what_to_install(run, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    (tmp_path / "site.yaml").write_text(RIGHT, encoding="utf-8")
    result = run("mappings", "check", "site.yaml", "--watch")
    assert result.exit_code == 2
    assert "fhircase[watch]" in result.stderr
