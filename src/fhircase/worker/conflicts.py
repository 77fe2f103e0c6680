"""What both sides changed to different things: opened when it is found, kept true as either side moves, and settled.

At a disputed place the server's word stands in the record; the rest of the record goes on being sent and read.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from fhircase.exchange.merge import WHOLE, Merged
from fhircase.exchange.people import reference_of
from fhircase.exchange.places import conflict_id, put, value_at, written
from fhircase.fhir import jsontext
from fhircase.fhir.instant import last_updated
from fhircase.fhir.jsontext import Json
from fhircase.ledger import Conflict, Outcome, RecordKey
from fhircase.model import Record
from fhircase.worker.station import Station
from fhircase.worker.texts import data_of, record_of


@dataclass(frozen=True, slots=True)
class Sides:
    """A record as our side and the server have it, and as both last agreed on it."""

    ours: Json
    theirs: Json
    base: Json | None = None

    @classmethod
    def of(cls, ours: Record, theirs: Record, base: Record | None) -> "Sides":
        """The sides, of records."""
        return cls(data_of(ours), data_of(theirs), data_of(base) if base else None)


def dispute(station: Station, key: RecordKey, paths: Iterable[str], sides: Sides, changed: Iterable[Json] = ()) -> None:
    """Open a conflict for each of these places; one that is open at the same place has moved.

    Args:
        station: where.
        key: the record.
        paths: the places that both sides changed to different things.
        sides: what either side says.
        changed: the server's resources that are not as they were agreed to be.
    """
    named = tuple(dict.fromkeys(paths))
    # Where the record as a whole is in dispute, so is all that is in it.
    for path in [WHOLE] if WHOLE in named else named:
        ours, theirs = (written(value_at(side, path)) for side in (sides.ours, sides.theirs))
        base = None if sides.base is None else written(value_at(sides.base, path))
        _open(station, Conflict("", station.server, key, path, ours, theirs, base), changed)


def _open(station: Station, conflict: Conflict, changed: Iterable[Json]) -> None:
    ledger, key, now = station.ledger, conflict.key, station.now()
    id_ = conflict_id(station.server, key, conflict.path, conflict.ours, conflict.theirs)
    for other in ledger.conflicts(station.server, [key]):
        if other.path == conflict.path and other.id != id_:
            ledger.end_conflict(other.id, Outcome.MOVED, now=now)
    moments = [(moment, reference_of(each)) for each in changed if (moment := last_updated(each))]
    said, reference = max(moments, default=(conflict.said, conflict.reference))
    ledger.keep_conflict(replace(conflict, id=id_, said=said, reference=reference), now=now)


def look(station: Station, key: RecordKey, theirs: Record, changed: Iterable[Json] = ()) -> frozenset[str]:
    """Bring a record's open conflicts up to what the server says now: news decides nothing, but may agree with us.

    The places at which there was one are returned.
    """
    opened = station.ledger.conflicts(station.server, [key])
    data = data_of(theirs) if opened else {}
    for each in opened:
        now = written(value_at(data, each.path))
        if now == each.ours:
            station.ledger.end_conflict(each.id, Outcome.SAME, now=station.now())
        elif now != each.theirs:
            _open(station, replace(each, theirs=now), changed)
    return frozenset(each.path for each in opened)


def whole_base(opened: Iterable[Conflict], record: Record) -> Record | None:
    """What was last agreed of a record that is in dispute as a whole; None if it is not, or nothing was."""
    text = next((each.base for each in opened if each.path == WHOLE), None)
    return None if text is None else record_of(jsontext.encode(put(data_of(record), WHOLE, jsontext.decode(text))))


def heard(
    station: Station,
    opened: Iterable[Conflict],
    merged: Merged[Record],
    said: tuple[Record, Record],
    told: Collection[str],
) -> None:
    """End those conflicts at whose places our side says something else than before: that decides them.

    Args:
        station: where.
        opened: the record's open conflicts.
        merged: the record with what our side says now.
        said: the record as our side said last, and as it says now.
        told: the places of which our side knows what theirs says; elsewhere only the same word ends it.
    """
    was, now = map(data_of, said)
    for each in opened:
        value = written(value_at(now, each.path))
        if each.path == WHOLE and WHOLE in merged.conflicts:
            continue
        same = value == each.theirs
        if value != written(value_at(was, each.path)) and (same or each.path in told):
            outcome = Outcome.SAME if same else Outcome.OURS
            station.ledger.end_conflict(each.id, outcome, now=station.now())
