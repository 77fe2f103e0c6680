"""An input kept aside until all of it was seen: the first of it in memory, the rest in a file that has no name."""

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO, NamedTuple

from fhircase.fhir import jsontext
from fhircase.ledger import RecordKey
from fhircase.model import Record
from fhircase.worker.texts import record_of

NEAR = 1000
"""So many records stay in memory."""


class Given(NamedTuple):
    """A record that was given."""

    key: RecordKey
    seen: str
    """The digest of the text it came as."""
    text: bytes
    """As the ledger keeps it: a record takes ten times as much memory, and of most only the text is needed."""

    @property
    def record(self) -> Record:
        """The record itself."""
        return record_of(self.text)


class Spool:
    """A sequence of records that can be long."""

    def __init__(self) -> None:
        self._near: list[Given] = []
        self._far: IO[bytes] | None = None

    def add(self, given: Given) -> None:
        """Append one."""
        if len(self._near) < NEAR:
            self._near.append(given)
            return
        if self._far is None:
            self._far = TemporaryFile()  # noqa: SIM115 - it lives as long as the spool
        self._far.write(jsontext.encode([given.key, given.seen, len(given.text)]) + b"\n" + given.text + b"\n")

    def __iter__(self) -> Iterator[Given]:
        yield from self._near
        if self._far is None:
            return
        self._far.seek(0)
        while head := self._far.readline():
            key, seen, size = jsontext.decode(head)
            yield Given(RecordKey(*key), seen, self._far.read(size + 1)[:-1])

    def close(self) -> None:
        """Let go of all of it."""
        self._near.clear()
        if self._far is not None:
            self._far.close()
