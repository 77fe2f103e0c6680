"""Change the mapping engine in small ways, one at a time, and count how many of the changes the tests notice.

There are some 25,000 such changes: a sample drawn at random, the same for the same seed, says how many of them all are
noticed, within the margin that is printed. Changes that are tried already are not tried again, whatever was edited
since: `rm -r mutants` forgets them.
"""

import argparse
import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MADE = ROOT / "mutants"
# Just one, by which mutmut makes all of them and learns which test runs what.
FIRST = "fhircase.mapping.kinds.rule.x_alike__mutmut_1"
KILLED = {1, 3, 24, 36, 152, 255, -24}
"""How a run ends when a test fails or takes many times as long: https://mutmut.readthedocs.io"""


def main() -> int:
    """Try a sample and say what was seen; 0 when enough of the changes are noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sample", nargs="?", type=int, default=400, help="how many changes to try (400)")
    parser.add_argument("--seed", type=int, default=1, help="another seed is another sample")
    parser.add_argument("--least", type=float, default=0.85, help="the share that has to be noticed (0.85)")
    asked = parser.parse_args()
    if not (MADE / "mutmut-stats.json").exists():
        _mutmut([FIRST])
    names = sorted(_ends())
    picked = random.Random(asked.seed).sample(names, min(asked.sample, len(names)))  # noqa: S311 - seeded on purpose
    _mutmut([name for name in picked if _ends()[name] is None])
    return _told(picked, len(names), asked.least)


def _mutmut(names: Sequence[str]) -> None:
    if names:
        few = {"EXAMPLES_SHARE": "0.03", **os.environ}
        subprocess.run([sys.executable, "-m", "mutmut", "run", *names], cwd=ROOT, env=few, check=True)


def _ends() -> dict[str, int | None]:
    """How the tests ended on each change; None where it was not tried."""
    return {
        name: end
        for place in sorted(MADE.rglob("*.meta"))
        for name, end in json.loads(place.read_text(encoding="utf-8"))["exit_code_by_key"].items()
    }


def _told(picked: Sequence[str], every: int, least: float) -> int:
    ends = _ends()
    survivors = sorted(name for name in picked if ends[name] not in KILLED)
    share = 1 - len(survivors) / len(picked)
    margin = 1.96 * math.sqrt(share * (1 - share) / len(picked))
    print("\nNot noticed (`mutmut show NAME` shows the change):", *survivors, sep="\n  ")
    print(f"{len(picked) - len(survivors)} of {len(picked)} noticed: {share:.1%} ± {margin:.1%} of {every}")
    return int(share < least)


if __name__ == "__main__":
    sys.exit(main())
