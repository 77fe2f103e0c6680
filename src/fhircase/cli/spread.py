"""Work spread over processes: batches go out as they come in, and what is made of them comes back in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from typing import TypeVar

Piece = TypeVar("Piece")
Made = TypeVar("Made")
BATCH = 64


def spread(pieces: Iterable[Piece], work: Callable[[list[Piece]], Made], jobs: int) -> Iterator[Made]:
    """What `work` makes of each batch of pieces; never more than a few batches a process are in memory.

    Args:
        pieces: what is worked on.
        work: a function (a partial one, too) that another process can import.
        jobs: processes; with 1 all is done in this one.
    """
    batches = _batches(iter(pieces))
    if jobs == 1:
        yield from map(work, batches)
        return
    with ProcessPoolExecutor(jobs) as pool:
        waiting: deque[Future[Made]] = deque()
        for batch in batches:
            waiting.append(pool.submit(work, batch))
            if len(waiting) > 2 * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _batches(pieces: Iterator[Piece]) -> Iterator[list[Piece]]:
    while batch := list(islice(pieces, BATCH)):
        yield batch
