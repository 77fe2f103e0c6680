"""Records of the local system taken into the ledger: what they changed is what the server is owed."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice

from fhircase.errors import InvalidInput, Problem
from fhircase.exchange.links import key_of
from fhircase.exchange.merge import WHOLE, Merged, merge
from fhircase.ledger import Delivery, Local, RecordKey, State
from fhircase.ledger import Record as Kept
from fhircase.model import Record
from fhircase.worker.conflicts import Sides, dispute, heard, whole_base
from fhircase.worker.report import Standing
from fhircase.worker.station import Progress, Station
from fhircase.worker.texts import digest, record_of, text_of

CHUNK = 500
"""Records kept in one transaction of the ledger."""

Input = tuple[bytes, Record | Callable[[], Record | None]]
"""The text of a record, and the record, or what reads it when it is needed: None where it cannot be read."""


class Intake:
    """Takes records in, and counts."""

    def __init__(self, station: Station, progress: Progress) -> None:
        self._station = station
        self._progress = progress
        self.given = 0
        self.unchanged = 0
        self.remarks: list[Standing] = []
        self._overtaken: set[str] = set()
        """Digests of texts that stand in the ledger no more."""

    def take(self, records: Iterable[Input]) -> None:
        """Take all records in, a chunk at a time, each chunk wholly or not at all."""
        for chunk in _chunks(records):
            with self._station.ledger.unit():
                self._chunk(chunk)
            self._progress("read", self.given, self.given)

    def _chunk(self, chunk: list[Input]) -> None:
        """Take what is new; what is as it was, and agreed, is known by its text alone and not even read."""
        seen = [digest(text, self._station.mapping) for text, _ in chunk]
        known = self._station.ledger.agreed(self._station.server, seen)
        for now, (_, given) in zip(seen, chunk, strict=True):
            if now in known and now not in self._overtaken:
                self.given += 1
                self.unchanged += 1
            elif (record := given() if callable(given) else given) is not None:
                self.given += 1
                self._one(key_of(record), record, now)

    def _one(self, key: RecordKey, record: Record, now: str) -> None:
        ledger, server = self._station.ledger, self._station.server
        before, delivery = ledger.digests([key]).get(key), ledger.deliveries(server, [key]).get(key)
        if before == now:
            self._again(key, delivery)
            return
        self._news(key, record, now)
        self._overtaken.discard(now)
        if before is not None:
            self._overtaken.add(before)

    def _again(self, key: RecordKey, delivery: Delivery | None) -> None:
        """The same as last time: only what waited for somebody is tried again, now that somebody says so."""
        ledger, server, now = self._station.ledger, self._station.server, self._station.now()
        newer = ledger.wish(server, [key], now=now)
        if not newer and delivery and delivery.state in (State.HELD, State.REFUSED):
            newer = ledger.release(server, [key], now=now)
        self.unchanged += not newer and delivery is not None and delivery.state is State.AGREED

    def _news(self, key: RecordKey, record: Record, seen: str) -> None:
        station = self._station
        local, now = Local(text_of(record), seen), station.now()
        known = station.ledger.records([key]).get(key)
        merged = self._merged(key, record, known) if known else Merged(record)
        station.ledger.keep(key, text_of(merged.record), now=now, local=local)
        self._remark(key, merged)
        if not station.ledger.wish(station.server, [key], now=now):
            station.ledger.release(station.server, [key], now=now)

    def _merged(self, key: RecordKey, record: Record, known: Kept) -> Merged[Record]:
        """What the local system says now, merged into what we have.

        A disputed place that it says anew, and differently, is decided: for ours.
        """
        station = self._station
        rows = station.ledger.resources(station.server, [key]).get(key, ())
        linked = any(row.linked and row.role == "patient" for row in rows)
        opened = station.ledger.conflicts(station.server, [key])
        said, current = local_base(known), record_of(known.current)
        # While all of it is in dispute, nothing of what was said since has come to be.
        base = whole_base(opened, current) or said
        decided = [each.path for each in opened if each.path != WHOLE] if said else []
        merged = merge(record, base, current, base, linked=linked, decided=decided)
        if said:
            heard(station, opened, merged, record, said)
        if merged.conflicts:
            dispute(station, key, merged.conflicts, Sides.of(record, current, base))
        return merged

    def _remark(self, key: RecordKey, merged: Merged[Record]) -> None:
        if merged.overruled:
            problems = tuple(
                Problem(
                    "belongs to the server, so the change stays here",
                    path,
                    "who the client is",
                    "change it on the server",
                )
                for path in merged.overruled
            )
            self.remarks.append(Standing(key, "remark", "linked", "not sent: facts about the client", problems))


def local_base(known: Kept) -> Record | None:
    """What the local system was last known to hold; None where that cannot be read any more."""
    with suppress(InvalidInput):
        return record_of(known.local.text) if known.local else None
    return None


def _chunks(records: Iterable[Input]) -> Iterator[list[Input]]:
    rest = iter(records)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
