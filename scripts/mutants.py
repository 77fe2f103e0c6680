"""Change the mapping engine in small ways, one at a time, and count how many of the changes the tests notice.

There are some 25,000 such changes (mutmut's): a sample drawn at random, the same for the same seed, says how many of
them all are noticed, within the margin that is printed. Each is made in a copy of the project, where the tests run as
they always do: mutmut's own way of switching changes on makes each call in the engine many times slower. What was
tried is kept in `mutants/`, and not tried again while its line and change are the same.
"""

import argparse
import difflib
import json
import math
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory

from mutmut.mutation.file_mutation import create_mutations, deep_replace

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "mutants" / "tried.json"
CHANGED = Path("src/fhircase/mapping")
NEEDED = ("src", "mappings", "fixtures", "tests", "README.md", "pyproject.toml")
PATIENCE = 900.0
"""Seconds for the tests of one change; beyond it something goes round in a circle, and that is noticed, too."""


@dataclass(frozen=True)
class Change:
    """One small change of one file."""

    path: Path
    text: str
    """The whole file with the change in it."""
    diff: str

    @property
    def name(self) -> str:
        """The same for the same change of the same lines."""
        return f"{self.path}:{blake2b(self.diff.encode(), digest_size=6).hexdigest()}"


def main() -> int:
    """Try a sample and say what was seen; 0 when enough of the changes are noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sample", nargs="?", type=int, default=400, help="how many changes to try (400)")
    parser.add_argument("--seed", type=int, default=1, help="another seed is another sample")
    parser.add_argument("--least", type=float, default=0.85, help="the share that has to be noticed (0.85)")
    asked = parser.parse_args()
    every = [(path, number) for path in sorted(CHANGED.rglob("*.py")) for number in range(_count(path))]
    picked = random.Random(asked.seed).sample(every, min(asked.sample, len(every)))  # noqa: S311 - seeded on purpose
    with TemporaryDirectory() as folder:
        copy = _copied(Path(folder))
        if _noticed(copy):
            sys.exit("the tests fail without any change; mend them first")
        survivors = [change for change in map(_made, *zip(*picked, strict=True)) if not _tried(copy, change)]
    return _told(survivors, len(picked), len(every), asked.least)


def _count(path: Path) -> int:
    return len(create_mutations(str(path), path.read_text(encoding="utf-8"))[1])


def _made(path: Path, number: int) -> Change:
    before = path.read_text(encoding="utf-8")
    module, mutations, *_ = create_mutations(str(path), before)
    after = deep_replace(module, mutations[number].original_node, mutations[number].mutated_node).code  # type: ignore[union-attr]
    return Change(path, after, "".join(_lines(before, after)))


def _lines(before: str, after: str) -> Iterator[str]:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    yield from (line for line in difflib.unified_diff(old, new, n=1) if not line.startswith(("---", "+++", "@@")))


def _copied(folder: Path) -> Path:
    for name in NEEDED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def _tried(copy: Path, change: Change) -> bool:
    """Whether the tests notice a change, now or when it was tried before."""
    ends = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    if change.name not in ends:
        whole = (copy / change.path).read_text(encoding="utf-8")
        (copy / change.path).write_text(change.text, encoding="utf-8")
        ends[change.name] = _noticed(copy)
        (copy / change.path).write_text(whole, encoding="utf-8")
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps(ends, indent=1), encoding="utf-8")
        print("noticed " if ends[change.name] else "survived", change.name, flush=True)
    return bool(ends[change.name])


def _noticed(copy: Path) -> bool:
    few = {"EXAMPLES_SHARE": "0.03", **os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    tests = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "tests/mapping"]
    try:
        done = subprocess.run(tests, cwd=copy, env=few, capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def _told(survivors: Sequence[Change], tried: int, every: int, least: float) -> int:
    share = 1 - len(survivors) / tried
    margin = 1.96 * math.sqrt(share * (1 - share) / tried)
    for change in survivors:
        print(f"\nnot noticed: {change.name}\n{change.diff}")
    print(f"{tried - len(survivors)} of {tried} noticed: {share:.1%} ± {margin:.1%} of {every}")
    return int(share < least)


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
