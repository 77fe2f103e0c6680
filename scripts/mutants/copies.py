"""Copies of the project, in which changes are made and the tests run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from importlib.util import cache_from_source
from pathlib import Path
from signal import SIGPROF

from changes import Change

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "mutants"
NEEDED = ("src", "mappings", "fixtures", "tests", "docs/mappings", "README.md", "pyproject.toml")
PATIENCE = 900
"""Seconds for one test on a busy machine; beyond it something is waited for that does not come."""
ENDLESS, BROKEN = "a test that does not end", "pytest, which cannot begin"


@dataclass(frozen=True)
class Copy:
    """A copy of the project."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> "Copy":
        """Copy what the tests need."""
        for file in _files():
            target = folder / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
        return cls(folder)

    def noticed(self, change: Change, tests: Sequence[str]) -> str:
        """The first of these tests that fails with a change; empty where none does."""
        place = self.folder / change.path
        whole = place.read_bytes()
        _write(place, change.text.encode())
        done = self.chosen(tests)
        _write(place, whole)
        return _failed(done)

    def chosen(self, tests: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        """Run these tests, in this order, until one fails."""
        file = self.folder / "chosen"
        file.write_text("\n".join(tests), encoding="utf-8")
        return self.run("choosing", sorted({test.partition("::")[0] for test in tests}), file)

    def run(self, plugin: str, tests: Sequence[str], file: Path) -> "subprocess.CompletedProcess[str]":
        """Run tests until one fails, with one of our plugins and the file that it reads or writes."""
        path = os.pathsep.join((str(self.folder / "src"), str(Path(__file__).parent)))
        around = {"EXAMPLES_SHARE": "0.03", **os.environ, "PYTHONPATH": path, "MUTANTS_FILE": str(file)}
        patience = ("-o", f"faulthandler_timeout={PATIENCE}", "-o", "faulthandler_exit_on_timeout=true")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            plugin,
            *patience,
            *tests,
        ]
        return subprocess.run(command, cwd=self.folder, env=around, capture_output=True, text=True, check=False)


def state() -> str:
    """A short word for the code and the tests as they are."""
    digest = blake2b(digest_size=6)
    for file in _files():
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def _failed(done: "subprocess.CompletedProcess[str]") -> str:
    """What pytest told last of what failed; where it stopped before, how."""
    if done.returncode == 0:
        return ""
    told = [line for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return told[-1].partition(" ")[2].partition(" - ")[0] if told else ENDLESS if _endless(done) else BROKEN


def _endless(done: "subprocess.CompletedProcess[str]") -> bool:
    return done.returncode == -SIGPROF or "Timeout (" in done.stderr


def _files() -> Iterator[Path]:
    for name in NEEDED:
        inside = sorted((ROOT / name).rglob("*")) if (ROOT / name).is_dir() else [ROOT / name]
        yield from (file for file in inside if file.is_file() and "__pycache__" not in file.parts)


def _write(place: Path, text: bytes) -> None:
    """Python takes a compiled file of the same second for that of the new text: it has to go."""
    place.write_bytes(text)
    Path(cache_from_source(str(place))).unlink(missing_ok=True)
