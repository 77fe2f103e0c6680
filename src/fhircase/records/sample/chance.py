"""Chance that comes out the same from the same seed, on every Python and every machine."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """Draws by `Random.random` alone: the one method whose sequence Python promises to keep.

    Source: https://docs.python.org/3/library/random.html#notes-on-reproducibility
    """

    def __init__(self, seed: int | str) -> None:
        self._seed = seed
        self._random = Random(seed).random  # noqa: S311 - an invented caseload is no secret
        self._decks: dict[str, list[int]] = {}
        self._others: dict[str, Chance] = {}

    def other(self, name: str) -> "Chance":
        """Another chance that follows from the same seed: what draws from it changes nothing elsewhere."""
        if name not in self._others:
            self._others[name] = Chance(f"{self._seed} {name}")
        return self._others[name]

    def below(self, limit: int) -> int:
        """A whole number from 0 up to, not including, the limit."""
        return int(self._random() * limit)

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + self.below(high - low + 1)

    def pick(self, values: Sequence[T]) -> T:
        """Any one of the values."""
        return values[self.below(len(values))]

    def deal(self, deck: str, values: Sequence[T]) -> T:
        """The next card of a shuffled deck: each value comes up before any comes again."""
        left = self._decks.get(deck)
        if not left:
            left = self._decks[deck] = list(range(len(values)))
            for last in range(len(left) - 1, 0, -1):
                other = self.below(last + 1)
                left[last], left[other] = left[other], left[last]
        return values[left.pop() % len(values)]

    def one_in(self, share: int, deck: str) -> bool:
        """True once in so many calls."""
        return self.deal(deck, range(share)) == 0
