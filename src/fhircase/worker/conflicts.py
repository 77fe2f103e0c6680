"""What both sides changed to different things: opened when it is found, kept true as either side moves, and settled.

At a disputed place the server's word stands in the record; the rest of the record goes on being sent and read.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from fhircase.errors import InvalidInput, Problem, RecordInvalid
from fhircase.exchange.merge import ABSENT, WHOLE, Merged
from fhircase.exchange.people import reference_of
from fhircase.exchange.places import conflict_id, put, value_at, written
from fhircase.fhir import jsontext
from fhircase.fhir.instant import last_updated
from fhircase.fhir.jsontext import Json
from fhircase.ledger import Change, Conflict, Local, Outcome, RecordKey
from fhircase.ledger import Record as Kept
from fhircase.model import Record
from fhircase.worker.station import Station
from fhircase.worker.texts import record_of, text_of

_RULE = "settling a conflict"


@dataclass(frozen=True, slots=True)
class Sides:
    """A record as our side and the server have it, and as both last agreed on it."""

    ours: Json
    theirs: Json
    base: Json | None = None

    @classmethod
    def of(cls, ours: Record, theirs: Record, base: Record | None) -> "Sides":
        """The sides, of records."""
        return cls(_data(ours), _data(theirs), _data(base) if base else None)


@dataclass(frozen=True, slots=True)
class Settled:
    """A conflict that a person has settled."""

    id: str
    key: RecordKey
    path: str
    outcome: Outcome
    again: bool = False
    """It had been settled so before; nothing was done."""


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


def look(station: Station, key: RecordKey, theirs: Record, changed: Iterable[Json] = ()) -> None:
    """Bring a record's open conflicts up to what the server says now: news decides nothing, but may agree with us."""
    opened = station.ledger.conflicts(station.server, [key])
    data = _data(theirs) if opened else {}
    for each in opened:
        now = written(value_at(data, each.path))
        if now == each.ours:
            station.ledger.end_conflict(each.id, Outcome.SAME, now=station.now())
        elif now != each.theirs:
            _open(station, replace(each, theirs=now), changed)


def whole_base(opened: Iterable[Conflict], record: Record) -> Record | None:
    """What was last agreed of a record that is in dispute as a whole; None if it is not, or nothing was."""
    text = next((each.base for each in opened if each.path == WHOLE), None)
    return None if text is None else record_of(jsontext.encode(put(_data(record), WHOLE, jsontext.decode(text))))


def heard(station: Station, opened: Iterable[Conflict], merged: Merged[Record], said: Record, before: Record) -> None:
    """End those conflicts at whose places our side says something else than before: that decides them.

    Args:
        station: where.
        opened: the record's open conflicts.
        merged: the record with what our side says now.
        said: the record as our side says now.
        before: as it said last.
    """
    now, was = _data(said), _data(before)
    for each in opened:
        value = written(value_at(now, each.path))
        if each.path == WHOLE and WHOLE in merged.conflicts:
            continue
        if value != written(value_at(was, each.path)):
            outcome = Outcome.SAME if value == each.theirs else Outcome.OURS
            station.ledger.end_conflict(each.id, outcome, now=station.now())


def settle(station: Station, id_: str, outcome: Outcome, value: object = ABSENT) -> Settled:
    """Settle a conflict for good: what was decided is owed to the server, and news to the local system.

    Args:
        station: where.
        id_: the conflict's id, as it was shown.
        outcome: ours, theirs, or edited.
        value: what a person says instead, as JSON has it; None for nothing.

    Raises:
        InvalidInput: there is no such conflict, it is another one by now, or the value does not fit there.
    """
    with station.ledger.unit():
        conflict = _found(station, id_)
        if conflict.outcome is not None:
            if conflict.outcome is outcome and outcome is not Outcome.EDITED:
                return Settled(conflict.id, conflict.key, conflict.path, outcome, again=True)
            raise InvalidInput([_outdated(station, conflict)])
        if outcome is not Outcome.THEIRS:
            said = _value(conflict.ours) if outcome is Outcome.OURS else ABSENT if value is None else value
            _say(station, conflict, said)
        station.ledger.end_conflict(conflict.id, outcome, now=station.now())
        _tell(station, conflict, outcome)
        return Settled(conflict.id, conflict.key, conflict.path, outcome)


def _found(station: Station, id_: str) -> Conflict:
    found = station.ledger.conflict(id_)
    if found is None or found.server != station.server:
        what = f"there is no conflict `{id_}` with {station.server}"
        raise InvalidInput([Problem(what, rule=_RULE, hint="`fhircase conflicts list` shows those that are open")])
    return found


def _outdated(station: Station, conflict: Conflict) -> Problem:
    if conflict.outcome is not Outcome.MOVED:
        what = f"conflict `{conflict.id}` has ended already: {conflict.outcome}"
        return Problem(what, conflict.path, _RULE, "change the record if it should say something else")
    opened = station.ledger.conflicts(station.server, [conflict.key])
    instead = next((each.id for each in opened if each.path == conflict.path), None)
    hint = f"look again: `fhircase conflicts show {instead}`" if instead else "look again: nothing is in dispute there"
    return Problem(f"the server's value changed since `{conflict.id}` was shown", conflict.path, _RULE, hint)


def _say(station: Station, conflict: Conflict, value: object) -> None:
    """Put what was decided into the record, and owe it to the server."""
    ledger, key, now = station.ledger, conflict.key, station.now()
    known = ledger.records([key])[key]
    try:
        record = _with(known.current, conflict.path, value)
    except RecordInvalid as error:
        hint = "say something that fits there, with --edit"
        told = [Problem(each.what, each.path or conflict.path, _RULE, hint) for each in error.problems]
        raise RecordInvalid(told) from None
    ledger.keep(key, text_of(record), now=now, local=_told(known, conflict) if value == _value(conflict.ours) else None)
    if not ledger.wish(station.server, [key], now=now):
        ledger.release(station.server, [key], now=now)


def _told(known: Kept, conflict: Conflict) -> Local | None:
    """The local system's base where ours was right.

    It may have taken theirs over from the news: when it says so again, that is no word against what was decided.
    """
    if known.local is None:
        return None
    with suppress(InvalidInput):
        said = _with(known.local.text, conflict.path, _value(conflict.theirs))
        return Local(text_of(said), known.local.digest)
    return None


def _with(text: bytes, path: str, value: object) -> Record:
    return record_of(jsontext.encode(put(jsontext.decode(text), path, value)))


def _tell(station: Station, conflict: Conflict, outcome: Outcome) -> None:
    """Whatever the local system made of the news before, it is told what stands now."""
    ledger, key = station.ledger, conflict.key
    known = ledger.records([key])[key]
    id_ = f"{conflict.id}-{outcome}-{known.revision}"
    ledger.announce(
        Change(id_, key, known.revision, station.now(), station.server, (conflict.path,), text=known.current)
    )


def _value(text: bytes | None) -> object:
    return ABSENT if text is None else jsontext.decode(text)


def _data(record: Record) -> Json:
    data: Json = jsontext.decode(text_of(record))
    return data
