"""Timing two ways of doing the same in turn, so that a drifting machine slows both alike."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """What was measured: our CPU seconds, the peer's, and the median ratio of the rounds."""

    ours: float
    peers: float
    ratio: float


def measure(ours: Callable[[], object], peers: Callable[[], object], rounds: int) -> Pair:
    """Run both in turn, after one round that does not count; CPU time, because other programs run here too."""
    ours(), peers()
    rows = [(_seconds(ours), _seconds(peers)) for _ in range(rounds)]
    return Pair(
        statistics.median(row[0] for row in rows),
        statistics.median(row[1] for row in rows),
        statistics.median(peer / our for our, peer in rows),
    )


def _seconds(work: Callable[[], object]) -> float:
    # What the other side left behind is not for this one to clear away.
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start
