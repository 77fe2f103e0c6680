"""Change the mapping engine in small ways, one at a time, and count how many of the changes the tests notice.

There are some 28,000 such changes (mutmut's): a sample drawn at random, the same for the same seed, says how many of
them all are noticed, within the margin that is printed. Each is made in a copy of the project, where those tests run
that come by its line, the most particular first: mutmut's own way of switching changes on makes each call in the
engine many times slower. What was tried is kept in `mutants/`: what was noticed is not tried again, what was not is
tried again when code or tests are others.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from random import Random
from statistics import NormalDist
from tempfile import TemporaryDirectory

from changes import Change, count, made
from copies import KEPT, ROOT, Copy, state
from covered import Covered

CHANGED = Path("src/fhircase/mapping")
TRIED = KEPT / "tried.json"
NEAREST = 60
"""So many tests are run for each change first: nearly all that are noticed are noticed by them."""


def main() -> int:
    """Try a sample and say what was seen; 0 when enough of the changes are noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sample", nargs="?", type=int, default=400, help="how many changes to try (400)")
    parser.add_argument("--seed", type=int, default=1, help="another seed is another sample")
    parser.add_argument("--least", type=float, default=0.85, help="the share that has to be noticed (0.85)")
    parser.add_argument("--jobs", type=int, default=1, help="how many are tried at a time (1)")
    asked = parser.parse_args()
    every = [(path, number) for path in sorted(CHANGED.rglob("*.py")) for number in range(count(path))]
    picked = Random(asked.seed).sample(every, min(asked.sample, len(every)))  # noqa: S311 - seeded on purpose
    with TemporaryDirectory() as folder:
        copies = [Copy.made(Path(folder) / str(number)) for number in range(asked.jobs)]
        survivors = _survivors(copies, [made(*each) for each in picked])
    return _told(survivors, len(picked), len(every), asked.least)


def _survivors(copies: Sequence[Copy], changes: Sequence[Change]) -> list[Change]:
    """Those that no test notices, now or when they were tried before."""
    ends = json.loads(TRIED.read_text(encoding="utf-8")) if TRIED.exists() else {}
    covered, now = Covered(copies[0]), state()
    free: SimpleQueue[Copy] = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def attempt(change: Change, most: int | None) -> bool:
        copy, tests = free.get(), covered.tests(change)[:most]
        by = copy.noticed(change, tests) if tests else ""
        free.put(copy)
        said = f"noticed by {by}" if by else f"not noticed by {len(tests)} tests\n{change.diff}"
        print(f"{change.path}:{change.lines[0]} {said}", flush=True)
        if by or most is None:
            ends[change.name] = bool(by) or now
            TRIED.write_text(json.dumps(ends.copy(), indent=1), encoding="utf-8")
        return bool(by)

    left = [change for change in changes if ends.get(change.name) not in (True, now)]
    for most in (NEAREST, None):
        with ThreadPoolExecutor(len(copies)) as pool:
            seen = list(pool.map(attempt, left, [most] * len(left)))
        left = [change for change, noticed in zip(left, seen, strict=True) if not noticed]
    return [change for change in changes if ends[change.name] is not True]


def _told(survivors: Sequence[Change], tried: int, every: int, least: float) -> int:
    noticed = tried - len(survivors)
    low, high = _margins(noticed, tried)
    for change in survivors:
        print(f"\nnot noticed: {change.path}:{change.lines[0]}\n{change.diff}")
    print(f"{noticed} of {tried} noticed: {noticed / tried:.1%}; of all {every}: {low:.1%} to {high:.1%} (95 %)")
    return int(noticed < least * tried)


def _margins(noticed: int, tried: int) -> tuple[float, float]:
    """Wilson's interval for a share of which a sample is known."""
    share, z = noticed / tried, NormalDist().inv_cdf(0.975)
    middle = share + z * z / (2 * tried)
    half = z * math.sqrt(share * (1 - share) / tried + (z / (2 * tried)) ** 2)
    return (middle - half) / (1 + z * z / tried), (middle + half) / (1 + z * z / tried)


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
