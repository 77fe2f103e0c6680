"""Reading the files that commands are given: the good go on, the bad are told."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fhircase.cli.files import given, name_of, opened
from fhircase.cli.screen import amount, complain, say
from fhircase.errors import CutShort, InvalidInput, Problem, Truncated
from fhircase.records import Cut, Found, Line, cuts, read_record, read_records, read_resources, read_rows


class Intake:
    """Records or resources from files, and a count of what could not be read."""

    def __init__(self, files: Sequence[Path] | None, timezone: ZoneInfo | None = None) -> None:
        self.files = given(files)
        self.timezone = timezone
        self.count = 0
        self.bad = 0

    def records(self) -> Iterator[Line]:
        """Every line that holds a record."""
        for file in self.files:
            try:
                with opened(file) as stream:
                    for line in read_records(stream, name_of(file), self.timezone):
                        if self._fine(line):
                            yield line
            except InvalidInput as error:
                self._unread(error)

    def rows(self, load: Callable[[dict[str, Any], str], tuple[Any, tuple[Problem, ...]]]) -> Iterator[Line]:
        """Every line that holds a record of somebody's own model."""
        for file in self.files:
            try:
                with opened(file) as stream:
                    for line in read_rows(stream, name_of(file), load):
                        if self._fine(line):
                            yield line
            except InvalidInput as error:
                self._unread(error)

    def resources(self) -> Iterator[Found]:
        """Every resource or Bundle."""
        for file in self.files:
            try:
                with opened(file) as stream:
                    for found in read_resources(stream, name_of(file)):
                        if self._fine(found):
                            yield found
            except InvalidInput as error:
                self._unread(error)

    def cuts(self) -> Iterator[Cut]:
        """Every piece of the files as text, be it a record, a resource or neither."""
        for file in self.files:
            try:
                with opened(file) as stream:
                    yield from cuts(stream, name_of(file))
            except InvalidInput as error:
                self._unread(error)

    def record(self, cut: Cut) -> Any:
        """The record in a piece; None, and people are told, where there is none. Who cut it has counted it.

        Raises:
            CutShort: the file ends in the middle of it.
        """
        line = read_record(cut, self.timezone)
        for problem in line.problems:
            if isinstance(problem, Truncated):
                self.bad += 1
                raise CutShort(problem)
        return line.record if self._told(line) else None

    def _fine(self, piece: Line | Found) -> bool:
        self.count += 1
        return self._told(piece)

    def _told(self, piece: Line | Found) -> bool:
        if piece.problems:
            self.bad += 1
            complain(piece.problems)
        return not piece.problems

    def _unread(self, error: InvalidInput) -> None:
        self.count += 1
        self.bad += 1
        complain(error.problems)

    def sum_up(self, one: str) -> None:
        """Tell people how many could not be taken."""
        if self.bad:
            rest = "; the rest went on" if self.bad < self.count else ""
            say(f"{self.bad} of {amount(self.count, one)} had problems{rest}")
