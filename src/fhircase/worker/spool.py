"""An input kept aside until all of it was seen."""

from collections.abc import Iterator
from typing import NamedTuple

from fhircase.ledger import RecordKey
from fhircase.model import Record
from fhircase.records import Aside
from fhircase.worker.texts import record_of


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
    """What was given, in order."""

    def __init__(self) -> None:
        self._aside = Aside()

    def add(self, given: Given) -> None:
        """Append one."""
        self._aside.add((*given.key, given.seen), given.text)

    def __iter__(self) -> Iterator[Given]:
        for (*key, seen), text in self._aside:
            yield Given(RecordKey(*key), seen, text)

    def close(self) -> None:
        """Let go of all of it."""
        self._aside.close()
