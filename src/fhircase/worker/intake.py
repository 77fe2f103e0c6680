"""Records of the local system taken into the ledger: what they changed is what the server is owed."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from itertools import islice

from fhircase.errors import InvalidInput, Problem
from fhircase.exchange.links import key_of
from fhircase.exchange.merge import Merged, apart, merge, within
from fhircase.ledger import Delivery, Local, RecordKey, State, Verdict
from fhircase.ledger import Record as Kept
from fhircase.model import Record
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
        self._news(key, record, now, delivery)
        self._overtaken.discard(now)
        if before is not None:
            self._overtaken.add(before)

    def _again(self, key: RecordKey, delivery: Delivery | None) -> None:
        """The same as last time: only what waited for somebody is tried again, now that somebody says so."""
        if delivery and delivery.state is State.CONFLICT:
            return  # What was said before decides nothing.
        ledger, server, now = self._station.ledger, self._station.server, self._station.now()
        newer = ledger.wish(server, [key], now=now)
        if not newer and delivery and delivery.state in (State.HELD, State.REFUSED):
            newer = ledger.release(server, [key], now=now)
        self.unchanged += not newer and delivery is not None and delivery.state is State.AGREED

    def _news(self, key: RecordKey, record: Record, seen: str, delivery: Delivery | None) -> None:
        station = self._station
        local, now = Local(text_of(record), seen), station.now()
        known = station.ledger.records([key]).get(key)
        merged = Merged(record)
        undecided: tuple[str, ...] = ()
        if known:
            rows = station.ledger.resources(station.server, [key]).get(key, ())
            before = in_dispute(delivery)
            merged = _merged(record, known, before, linked=any(row.linked and row.role == "patient" for row in rows))
            undecided = together(merged.conflicts, apart(before, record, merged.record))
        station.ledger.keep(key, text_of(merged.record), now=now, local=local)
        self._remark(key, merged)
        if undecided and station.ledger.park(station.server, key, disputed(undecided), now=now):
            return
        if not station.ledger.wish(station.server, [key], now=now):
            station.ledger.release(station.server, [key], now=now)

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


def _merged(record: Record, known: Kept, before: Collection[str], *, linked: bool) -> Merged[Record]:
    """What the local system says now, merged into what we have.

    A disputed place that it says anew, and differently, is decided: for ours.
    """
    base, current = local_base(known), record_of(known.current)
    merged = merge(record, base, current, base, linked=linked)
    decided = merged.conflicts and base and within(merged.conflicts, before)
    return merge(record, base, current, current, linked=linked) if decided else merged


def in_dispute(delivery: Delivery | None) -> tuple[str, ...]:
    """The places of a record at which nobody has decided yet between both sides."""
    waits = delivery if delivery and delivery.state is State.CONFLICT else None
    return tuple(problem.path for problem in waits.problems) if waits else ()


def together(*paths: Iterable[str]) -> tuple[str, ...]:
    """All of these, each once."""
    return tuple(dict.fromkeys(path for some in paths for path in some))


def local_base(known: Kept) -> Record | None:
    """What the local system was last known to hold; None where that cannot be read any more."""
    with suppress(InvalidInput):
        return record_of(known.local.text) if known.local else None
    return None


def disputed(paths: Iterable[str]) -> Verdict:
    """The verdict on a record that both sides changed to different things."""
    problems = tuple(
        Problem(
            "changed here and on the server to different things; the server's stands",
            path,
            "both sides changed it",
            "make both sides say the same",
        )
        for path in paths
    )
    named = ", ".join(problem.path for problem in problems)
    return Verdict.disputed(f"changed on both sides: {named}", code="conflict", problems=problems)


def _chunks(records: Iterable[Input]) -> Iterator[list[Input]]:
    rest = iter(records)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
