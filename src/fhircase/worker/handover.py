"""The news that is handed over: many records, each read from its text only when somebody looks at it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from fhircase.ledger import Change
from fhircase.model import Record
from fhircase.worker.texts import record_of


class Handover(Sequence[tuple[Change, Record]]):
    """Changes, each with the record as it is now; equal to any sequence of the same.

    Args:
        told: the changes with the records' texts, as the ledger keeps them.
    """

    def __init__(self, told: Iterable[tuple[Change, bytes]] = ()) -> None:
        self._told = tuple(told)

    def heads(self) -> Iterator[Change]:
        """The changes alone."""
        return (change for change, _ in self._told)

    @overload
    def __getitem__(self, at: int) -> tuple[Change, Record]: ...
    @overload
    def __getitem__(self, at: slice) -> "Handover": ...
    def __getitem__(self, at: int | slice) -> "tuple[Change, Record] | Handover":
        if isinstance(at, slice):
            return Handover(self._told[at])
        change, text = self._told[at]
        return change, record_of(text)

    def __len__(self) -> int:
        return len(self._told)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(self._told)
