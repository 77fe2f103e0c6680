"""Records of the local system taken into the ledger: what they changed is what the server is owed."""

from collections.abc import Iterable
from contextlib import suppress

from fhircase.errors import InvalidInput
from fhircase.exchange.merge import WHOLE, Merged, merge
from fhircase.exchange.policies import passed_over
from fhircase.ledger import Delivery, Local, RecordKey, State
from fhircase.ledger import Record as Kept
from fhircase.model import Record
from fhircase.worker import brake
from fhircase.worker.brake import Input
from fhircase.worker.conflicts import Sides, dispute, heard, whole_base
from fhircase.worker.pilot import Pilot
from fhircase.worker.report import Brake, Standing, overruled
from fhircase.worker.spool import Given
from fhircase.worker.station import Progress, Station
from fhircase.worker.texts import record_of, text_of
from fhircase.worker.untold import Untold


class Intake:
    """Takes records in, and counts."""

    def __init__(self, station: Station, progress: Progress) -> None:
        self._station = station
        self._progress = progress
        self.given = 0
        self.unchanged = 0
        self.remarks: list[Standing] = []
        self.left: list[Standing] = []
        """What waited and was not taken in, though it was released."""
        self.outside = 0
        self.braked: Brake | None = None
        self._pilot = Pilot(station)
        self._untold = Untold(station.ledger, station.server)

    def take(self, records: Iterable[Input]) -> None:
        """Take all records in, a chunk at a time, each chunk wholly or not at all; or none, if the brake says so."""
        seen = brake.look(self._station, records, self._progress)
        try:
            self.given += seen.given
            self.unchanged += seen.unchanged
            self.left += seen.forgotten
            self.braked = brake.held(self._station, seen)
            if self.braked is None:
                self._pilot.note(each.record for each in seen.spool)
                with brake.filling(self._station, seen):
                    self._take(seen.spool)
        finally:
            seen.spool.close()
        self._pilot.follow()

    def release(self) -> None:
        """Take in what waited for a person's go."""
        self._pilot.note(each.record for each in brake.released(self._station, []))
        self.given += self._take(brake.released(self._station, self.left))

    def _take(self, records: Iterable[Given]) -> int:
        count = 0
        for chunk in brake.chunks(records):
            with self._station.ledger.unit():
                digests = self._station.ledger.digests(each.key for each in chunk)
                for each in chunk:
                    self._one(each, digests.get(each.key))
                    digests[each.key] = each.seen
                brake.done(self._station, [each.key for each in chunk])
            count += len(chunk)
            self._progress("take", count, count)
        return count

    def _one(self, given: Given, before: str | None) -> None:
        ledger, server, key = self._station.ledger, self._station.server, given.key
        outside = not self._pilot.everybody and self._pilot.outside(given.record)
        self.outside += outside
        if before != given.seen:
            self._news(given, owed=not outside)
        elif not outside:
            self._again(key, ledger.deliveries(server, [key]).get(key))

    def _again(self, key: RecordKey, delivery: Delivery | None) -> None:
        """The same as last time: only what waited for somebody is tried again, now that somebody says so."""
        ledger, server, now = self._station.ledger, self._station.server, self._station.now()
        newer = ledger.wish(server, [key], now=now)
        if not newer and delivery and delivery.state in (State.HELD, State.REFUSED):
            newer = ledger.release(server, [key], now=now)
        self.unchanged += not newer and delivery is not None and delivery.state is State.AGREED

    def _news(self, given: Given, *, owed: bool) -> None:
        station, key, text = self._station, given.key, given.text
        now = station.now()
        if known := station.ledger.records([key]).get(key):
            merged = self._merged(key, given.record, known)
            text = text_of(merged.record)
            self._remark(key, merged)
        station.ledger.keep(key, text, now=now, local=Local(given.text, given.seen))
        if owed and not station.ledger.wish(station.server, [key], now=now):
            station.ledger.release(station.server, [key], now=now)

    def _merged(self, key: RecordKey, record: Record, known: Kept) -> Merged[Record]:
        """What the local system says now, merged into what we have.

        A disputed place that it says anew, and differently, is decided: for ours, if it has been told of theirs.
        """
        station = self._station
        rows = station.ledger.resources(station.server, [key]).get(key, ())
        linked = any(row.linked and row.role == "patient" for row in rows)
        opened = station.ledger.conflicts(station.server, [key])
        said, current = self._held(key, record, known), record_of(known.current)
        # While all of it is in dispute, nothing of what was said since has come to be.
        base = whole_base(opened, current) or said
        told = [each.path for each in opened if not self._untold.has(each)]
        decided = [path for path in told if path != WHOLE] if said else []
        policies = station.policies(key.kind)
        merged = merge(record, base, current, base, policies=policies, linked=linked, decided=decided, told_by_us=True)
        if said:
            heard(station, opened, merged, (said, record), told)
        if merged.conflicts:
            dispute(station, key, merged.conflicts, Sides.of(record, current, base))
        return merged

    def _held(self, key: RecordKey, record: Record, known: Kept) -> Record | None:
        said = local_base(known)
        return self._untold.held(said, record, key) if said else None

    def _remark(self, key: RecordKey, merged: Merged[Record]) -> None:
        if merged.overruled:
            problems = tuple(passed_over(merged.overruled, self._station.policies(key.kind)))
            self.remarks.append(overruled(key, problems))


def local_base(known: Kept) -> Record | None:
    """What the local system was last known to hold; None where that cannot be read any more."""
    with suppress(InvalidInput):
        return record_of(known.local.text) if known.local else None
    return None


def given(known: Kept) -> bool:
    """Whether the local system gave this record itself, rather than being told of it."""
    return known.local is not None and bool(known.local.digest)
