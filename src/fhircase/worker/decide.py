"""A conflict settled by a person: for ours, for theirs, or for something else. No server is asked for that."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fhircase.errors import InvalidInput, Problem, RecordInvalid
from fhircase.exchange.changes import ABSENT
from fhircase.exchange.places import put
from fhircase.fhir import jsontext
from fhircase.ledger import Change, Conflict, Ledger, Local, Outcome, RecordKey
from fhircase.ledger import Record as Kept
from fhircase.model import Record
from fhircase.worker.texts import record_of, text_of

_RULE = "settling a conflict"


@dataclass(frozen=True, slots=True)
class Settled:
    """A conflict that a person has settled."""

    id: str
    server: str
    key: RecordKey
    path: str
    outcome: Outcome
    again: bool = False
    """It had been settled so before; nothing was done."""


def conflict(ledger: Ledger, id_: str) -> Conflict:
    """A conflict by its id, or by the beginning of it if only one is open that begins so.

    Raises:
        InvalidInput: there is none, or more than one.
    """
    if found := ledger.conflict(id_):
        return found
    begin = [each for each in ledger.conflicts() if id_ and each.id.startswith(id_)]
    if len(begin) == 1:
        return begin[0]
    what = f"{len(begin)} conflicts begin with `{id_}`" if begin else f"there is no conflict `{id_}`"
    raise InvalidInput([Problem(what, rule=_RULE, hint="`fhircase conflicts list` shows those that are open")])


def settle(ledger: Ledger, id_: str, outcome: Outcome, value: Any = None, *, now: datetime) -> Settled:
    """Settle a conflict for good: what was decided is owed to the server, and news to the local system.

    Args:
        ledger: where.
        id_: the conflict's id, as it was shown.
        outcome: ours, theirs, or edited.
        value: what a person says instead, as JSON has it; None for nothing.
        now: the time.

    Raises:
        InvalidInput: there is no such conflict, it is another one by now, or the value does not fit there.
    """
    with ledger.unit():
        found = conflict(ledger, id_)
        if found.outcome is not None:
            if found.outcome is not outcome or outcome is Outcome.EDITED:
                raise InvalidInput([_outdated(ledger, found)])
            return Settled(found.id, found.server, found.key, found.path, outcome, again=True)
        if outcome is Outcome.OURS:
            _say(ledger, found, _value(found.ours), now)
        elif outcome is Outcome.EDITED:
            _say(ledger, found, ABSENT if value is None else value, now)
        ledger.end_conflict(found.id, outcome, now=now)
        _tell(ledger, found, outcome, now)
        return Settled(found.id, found.server, found.key, found.path, outcome)


def _outdated(ledger: Ledger, found: Conflict) -> Problem:
    if found.outcome is not Outcome.MOVED:
        hint = "if the record should say something else, change it"
        return Problem(f"conflict `{found.id}` has ended already: {found.outcome}", found.path, _RULE, hint)
    opened = ledger.conflicts(found.server, [found.key])
    instead = next((each.id for each in opened if each.path == found.path), None)
    hint = f"look again: `fhircase conflicts show {instead}`" if instead else "look again: nothing is in dispute there"
    return Problem(f"what is said there has changed since `{found.id}` was shown", found.path, _RULE, hint)


def _say(ledger: Ledger, found: Conflict, value: Any, now: datetime) -> None:
    """Put what was decided into the record, and owe it to the server."""
    key = found.key
    known = ledger.records([key])[key]
    try:
        record = _with(known.current, found.path, value)
    except RecordInvalid as error:
        hint = "say something that fits there"
        told = [Problem(each.what, each.path or found.path, _RULE, hint) for each in error.problems]
        raise RecordInvalid(told) from None
    ledger.keep(key, text_of(record), now=now, local=_told(known, found) if value == _value(found.ours) else None)
    if not ledger.wish(found.server, [key], now=now):
        ledger.release(found.server, [key], now=now)


def _told(known: Kept, found: Conflict) -> Local | None:
    """The local system's base where ours was right.

    It may have taken theirs over from the news: when it says so again, that is no word against what was decided.
    """
    if known.local is None:
        return None
    with suppress(InvalidInput):
        said = _with(known.local.text, found.path, _value(found.theirs))
        return Local(text_of(said), known.local.digest)
    return None


def _tell(ledger: Ledger, found: Conflict, outcome: Outcome, now: datetime) -> None:
    """Whatever the local system made of the news before, it is told what stands now."""
    known = ledger.records([found.key])[found.key]
    id_ = f"{found.id}-{outcome}-{known.revision}"
    ledger.announce(Change(id_, found.key, known.revision, now, found.server, (found.path,), text=known.current))


def _value(text: bytes | None) -> Any:
    return ABSENT if text is None else jsontext.decode(text)


def _with(text: bytes, path: str, value: Any) -> Record:
    return record_of(jsontext.encode(put(jsontext.decode(text), path, value)))
