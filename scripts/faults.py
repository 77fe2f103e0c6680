"""Put faults into the exchange, one at a time, and see whether the state machine notices each.

The faults stand in faults.toml, each with what it would do to a user. Each is put into a copy of the project, where the
machine runs until it fails or has tried all its examples; the same seed tries the same ones.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
LIST = Path(__file__).with_suffix(".toml")
CHANGED = Path("src/fhircase")
NEEDED = ("src", "mappings", "tests", "pyproject.toml")
MACHINE = "tests/worker/test_exchange_machine.py::TestExchange"
PATIENCE = 1800.0
"""Seconds for one fault; beyond it something goes round in a circle, and that is noticed, too."""


@dataclass(frozen=True)
class Fault:
    """A change that somebody could make by mistake."""

    name: str
    effect: str
    """What it would do to a user."""
    file: str
    old: str
    new: str

    @property
    def path(self) -> Path:
        """The file in the project."""
        return CHANGED / self.file


@dataclass(frozen=True)
class Ran:
    """How a run of the machine ended."""

    failed: bool
    seconds: float
    said: str
    """The error, in a line."""


def main() -> int:
    """Try all faults, or those named; 0 when each was noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="only these faults")
    parser.add_argument("--share", type=float, default=5, help="times the examples of `make test` (5)")
    parser.add_argument("--seed", type=int, default=1, help="another seed tries other examples")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time (1)")
    asked = parser.parse_args()
    every = faults(LIST.read_text(encoding="utf-8"))
    if wrong := [
        *misplaced(every),
        *(f"there is no fault `{n}`" for n in asked.names if n not in {f.name for f in every}),
    ]:
        sys.exit("\n".join(wrong))
    picked = [fault for fault in every if not asked.names or fault.name in asked.names]
    with copies(asked.jobs) as free, ThreadPoolExecutor(asked.jobs) as pool:
        whole = _tried(free, None, asked.share, asked.seed)
        print(f"without any fault: {whole.said or 'nothing found'}, {whole.seconds:.0f} s", flush=True)
        if whole.failed:
            return 2
        runs = pool.map(lambda fault: _told(fault, _tried(free, fault, asked.share, asked.seed)), picked)
        missed = [fault.name for fault, ran in zip(picked, runs, strict=True) if not ran.failed]
    print(f"{len(picked) - len(missed)} of {len(picked)} noticed", *(f"\nnot noticed: {name}" for name in missed))
    return int(bool(missed))


def faults(text: str) -> list[Fault]:
    """Read the list."""
    return [Fault(name, **said) for name, said in tomllib.loads(text).items()]


def misplaced(every: Iterable[Fault], root: Path = ROOT) -> Iterator[str]:
    """Say which faults cannot be put in, because the code is another one by now."""
    for fault in every:
        path = root / fault.path
        count = path.read_text(encoding="utf-8").count(fault.old) if path.exists() else 0
        if count != 1:
            yield f"{fault.name}: `old` stands {count} times in {fault.path}, not once: bring {LIST.name} up to date"


@contextmanager
def copies(number: int) -> Iterator["SimpleQueue[Path]"]:
    """Copies of the project to change."""
    free: SimpleQueue[Path] = SimpleQueue()
    with TemporaryDirectory() as folder:
        for each in range(number):
            for name in NEEDED:
                copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
                (to := Path(folder) / str(each)).mkdir(exist_ok=True)
                copy(ROOT / name, to / name)  # type: ignore[operator]
            free.put(to)
        yield free


def _tried(free: "SimpleQueue[Path]", fault: Fault | None, share: float, seed: int) -> Ran:
    copy = free.get()
    try:
        if fault is None:
            return _run(copy, share, seed)
        whole = (copy / fault.path).read_text(encoding="utf-8")
        (copy / fault.path).write_text(whole.replace(fault.old, fault.new), encoding="utf-8")
        try:
            return _run(copy, share, seed)
        finally:
            (copy / fault.path).write_text(whole, encoding="utf-8")
    finally:
        free.put(copy)


def _run(copy: Path, share: float, seed: int) -> Ran:
    env = {**os.environ, "EXAMPLES_SHARE": str(share), "FIRST_FAILURE": "1"}
    env |= {"PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    test = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"--hypothesis-seed={seed}", MACHINE]
    began = time.monotonic()
    try:
        done = subprocess.run(test, cwd=copy, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return Ran(failed=True, seconds=PATIENCE, said="it went on for ever")
    return Ran(
        done.returncode != 0, time.monotonic() - began, _error(done.stdout.splitlines()) if done.returncode else ""
    )


def _error(output: Sequence[str]) -> str:
    """The first line that says what was wrong."""
    said = [re.sub(r"^[\s|]*E ?[\s|]*", "", line) for line in output if re.match(r"[\s|]*E  ", line)]
    return next(
        (line for line in said if re.match(r"[\w.]+(Error|Exception|Refused|Killed)\b", line)), " ".join(said[:1])
    )


def _told(fault: Fault, ran: Ran) -> Ran:
    print(
        f"{'noticed    ' if ran.failed else 'NOT NOTICED'} {ran.seconds:5.0f} s  {fault.name}: {ran.said}", flush=True
    )
    return ran


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
