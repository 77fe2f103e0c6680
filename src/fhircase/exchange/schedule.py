"""Who may be sent now: what is referred to first, nothing twice at a time, and no bundle beyond the limits."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from fhircase.ledger import RecordKey

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one bundle may hold."""

    entries: int
    bytes: int


@dataclass(frozen=True, slots=True, eq=False)
class Piece(Generic[T]):
    """What goes together: records that refer to each other in a circle, or what is left of a refused bundle."""

    items: tuple[T, ...]
    keys: frozenset[RecordKey]
    needs: frozenset[RecordKey]
    """Records it refers to; it waits for those that are still to be sent."""
    locks: frozenset[str]
    """What it writes, by reference or identifier; nothing else may write that meanwhile."""
    entries: int
    bytes: int
    alone: bool = False
    """To be sent as it is, with nothing else in the bundle."""
    rounds: int = 0
    """How often it may still be sent again because others wrote in between."""


class Schedule(Generic[T]):
    """Pieces in the order in which they are referred to; given out in bundles that can be in flight together."""

    def __init__(self) -> None:
        self._waiting: list[Piece[T]] = []
        self._flying: list[Piece[T]] = []

    @property
    def entries(self) -> int:
        """How many entries wait to be given out."""
        return sum(piece.entries for piece in self._waiting)

    @property
    def unfinished(self) -> list[Piece[T]]:
        """Everything that was given out or waits."""
        return [*self._flying, *self._waiting]

    def add(self, pieces: Iterable[Piece[T]]) -> None:
        """Put pieces last, what is referred to before what refers to it."""
        self._waiting.extend(pieces)

    def take(self, limits: Limits) -> list[Piece[T]]:
        """Give out what can be sent as one bundle now; nothing, if all of it waits for what is in flight."""
        keys = {key for piece in self._flying for key in piece.keys}
        locks = {lock for piece in self._flying for lock in piece.locks}
        taken: list[Piece[T]] = []
        room = limits
        for piece in self._waiting:
            alone = piece.alone and taken
            if alone or not piece.needs.isdisjoint(keys) or not piece.locks.isdisjoint(locks):
                keys |= piece.keys
                locks |= piece.locks
                continue
            if taken and (piece.entries > room.entries or piece.bytes > room.bytes):
                break
            taken.append(piece)
            room = Limits(room.entries - piece.entries, room.bytes - piece.bytes)
            if piece.alone:
                break
        self._waiting = _without(self._waiting, taken)
        self._flying += taken
        return taken

    def done(self, taken: Collection[Piece[T]], again: Sequence[Piece[T]] = ()) -> None:
        """Take back what was given out: it is done, except for what is to be sent again, before all others."""
        self._flying = _without(self._flying, taken)
        self._waiting[:0] = again

    def clear(self) -> list[Piece[T]]:
        """Give up on everything that waits."""
        waiting, self._waiting = self._waiting, []
        return waiting


def _without(pieces: Iterable[Piece[T]], gone: Iterable[Piece[T]]) -> list[Piece[T]]:
    out = set(map(id, gone))
    return [piece for piece in pieces if id(piece) not in out]
