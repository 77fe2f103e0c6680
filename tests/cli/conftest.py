"""The command line as a user runs it, in a folder of its own."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fhircase.cli import app
from fhircase.mapping import compiled

Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run a command in this process; stdin is bytes. The next test's `site.yaml` is another."""
    monkeypatch.chdir(tmp_path)

    def command(*args: str, stdin: bytes = b"") -> Any:
        return CliRunner().invoke(app, list(args), input=stdin)

    yield command
    if next(tmp_path.glob("*.y*ml"), None):
        compiled.forget()


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[bytes]"]:
    """Run a command as a process of its own."""

    def command(*args: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [sys.executable, "-m", "fhircase", *args], input=stdin, capture_output=True, cwd=tmp_path, check=False
        )

    return command


@pytest.fixture
def golden(tmp_path: Path) -> Callable[[str, str], None]:
    """Compare a text with the file that holds it; folders and lines of mapping files are left out."""

    def compare(name: str, text: str) -> None:
        place = Path(__file__).parent / "golden" / f"{name}.txt"
        text = re.sub(r"\.yaml:\d+ ", ".yaml:N ", text.replace(f"{tmp_path}/", ""))
        if not place.exists():
            place.write_text(text, encoding="utf-8")
            pytest.fail(f"{place.name} was not there; read what was written and keep it")
        assert text == place.read_text(encoding="utf-8")

    return compare
