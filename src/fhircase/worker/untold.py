"""What the local system does not know yet, and so cannot have meant by what it says."""

from contextlib import suppress
from functools import cached_property
from typing import Any

from fhircase.errors import InvalidInput
from fhircase.exchange.merge import touch
from fhircase.exchange.places import conflict_id, put, value_at, written
from fhircase.fhir import jsontext
from fhircase.ledger import Change, Conflict, Ledger, Outcome, RecordKey
from fhircase.model import Record
from fhircase.worker.feed import ACKNOWLEDGED
from fhircase.worker.texts import data_of, record_of
from fhircase.worker.told import TOLD


class Untold:
    """What the local system has not been told of yet, neither by a pull's output nor by the feed."""

    def __init__(self, ledger: Ledger, server: str) -> None:
        self._ledger = ledger
        self._server = server

    def has(self, conflict: Conflict) -> bool:
        """Whether what the server says at a disputed place is not known there: a word about it was no answer."""
        fields = [field for change in self._changes(conflict.key) for field in change.fields]
        return "*" in fields or any(touch(field, conflict.path) for field in fields)

    def held(self, said: Record, now: Record, key: RecordKey) -> Record:
        """What the local system may be taken to hold, as it says a record now.

        It is what it said last. But where a person has settled a dispute for a third word that it was not told of yet,
        it may have taken theirs over before: that is no word against what was settled.
        """
        changes = self._changes(key)
        if not changes:
            return said
        held, new = data_of(said), data_of(now)
        for change in changes:
            for path in change.fields:
                ours, word = value_at(held, path), value_at(new, path)
                if word != ours and self._was_theirs(change, path, ours, word):
                    with suppress(InvalidInput):
                        held = put(held, path, word)
        with suppress(InvalidInput):
            return record_of(jsontext.encode(held))
        return said

    def _was_theirs(self, change: Change, path: str, ours: Any, word: Any) -> bool:
        """Whether the server said so in a dispute of before; its id tells, which is made of what both sides said.

        What was said against it is what the local system said last, or what stood there when the server moved again.
        """
        texts = [each.text for each in self._ledger.changes(key=change.key)]
        stood = (value_at(jsontext.decode(text), path) for text in texts if text is not None)
        against = {written(ours), *map(written, stood)}
        ids = (conflict_id(change.source, change.key, path, each, written(word)) for each in against)
        found = filter(None, map(self._ledger.conflict, ids))
        return any(each.outcome in (Outcome.EDITED, Outcome.MOVED) for each in found)

    @cached_property
    def _start(self) -> int:
        which = ((self._server, TOLD), ("", ACKNOWLEDGED))
        return max(int(self._ledger.cursor(*each) or 0) for each in which)

    def _changes(self, key: RecordKey) -> list[Change]:
        return self._ledger.changes(self._start, key=key)
