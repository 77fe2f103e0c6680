"""An input that several are given: read from its files once, kept aside, and what is wrong with it told once."""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from fhircase.errors import CutShort
from fhircase.records import Aside, Cut

if TYPE_CHECKING:
    from types import TracebackType

    from fhircase.cli.intake import Intake
    from fhircase.cli.site import Input

NEAR = 2000
"""So many records are kept for those that have not come as far."""


class Shared:
    """The texts of all records, each time from the start, for as many threads as there are."""

    def __init__(self, intake: "Intake") -> None:
        self._aside = Aside()
        self._odd: list[Cut] = []
        """What is in no form to be written down, for something is wrong with it."""
        self._read = _Once(intake.record)
        for cut in intake.cuts():
            intake.count += 1
            self._keep(cut)

    def __iter__(self) -> "Iterator[Input]":
        for about, text in self._aside:
            cut = Cut(about[0], text, about[1]) if len(about) > 1 else self._odd[about[0]]
            yield cut.text, partial(self._read, cut)

    def _keep(self, cut: Cut) -> None:
        if cut.problem is None:
            self._aside.add((cut.source, cut.whole), cut.text)
        else:
            self._aside.add((len(self._odd),), b"")
            self._odd.append(cut)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self._aside.close()


class _Once:
    """Reads a record for the first that asks; while the others keep up, they get the same."""

    def __init__(self, read: Callable[[Cut], Any]) -> None:
        self._read = lru_cache(maxsize=NEAR)(read)
        self._wrong: dict[Cut, CutShort | None] = {}
        self._lock = Lock()

    def __call__(self, cut: Cut) -> Any:
        with self._lock:
            if cut not in self._wrong:
                try:
                    if (record := self._read(cut)) is not None:
                        return record
                    self._wrong[cut] = None
                except CutShort as error:
                    self._wrong[cut] = error
            wrong = self._wrong[cut]
        if wrong is not None:
            raise CutShort(wrong.problems)
        return None
