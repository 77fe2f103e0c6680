"""An input that several are given: read from its files once, kept aside, and what is wrong with it told once."""

import json
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import chain
from tempfile import TemporaryFile
from threading import Lock
from typing import IO, TYPE_CHECKING, Any, Self

from fhircase.errors import CutShort
from fhircase.records import Cut

if TYPE_CHECKING:
    from types import TracebackType

    from fhircase.cli.intake import Intake
    from fhircase.cli.site import Input

NEAR = 2000
"""So many texts stay in memory, and so many records are kept for those that have not come as far."""
SOME = 200
"""Texts that one of several takes out of the file at a time."""


class Shared:
    """The texts of all records, each time from the start, for as many threads as there are."""

    def __init__(self, intake: "Intake") -> None:
        self._near: list[Cut] = []
        self._odd: list[Cut] = []
        """What is in no form to be written down, for something is wrong with it."""
        self._far: IO[bytes] | None = None
        self._lock = Lock()
        self._read = _Once(intake.record)
        for cut in intake.cuts():
            intake.count += 1
            self._keep(cut)

    def __iter__(self) -> "Iterator[Input]":
        for cut in chain(self._near, self._rest()):
            yield cut.text, partial(self._read, cut)

    def _keep(self, cut: Cut) -> None:
        if len(self._near) < NEAR:
            self._near.append(cut)
            return
        if self._far is None:
            self._far = TemporaryFile()  # noqa: SIM115 - it lives as long as this does
        if cut.problem is None:
            # Not every name of a file is UTF-8, but what JSON escapes can always be written.
            head = json.dumps([cut.source, cut.whole, len(cut.text)]).encode()
            self._far.write(head + b"\n" + cut.text + b"\n")
        else:
            self._far.write(b"[%d]\n" % len(self._odd))
            self._odd.append(cut)

    def _rest(self) -> Iterator[Cut]:
        place = 0
        while self._far is not None:
            some, place = self._some(self._far, place)
            if not some:
                return
            yield from some

    def _some(self, file: IO[bytes], place: int) -> tuple[list[Cut], int]:
        with self._lock:
            file.seek(place)
            some: list[Cut] = []
            while len(some) < SOME and (head := file.readline()):
                source, *more = json.loads(head)
                some.append(Cut(source, file.read(more[1] + 1)[:-1], more[0]) if more else self._odd[source])
            return some, file.tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self._near.clear()
        if self._far is not None:
            self._far.close()


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
