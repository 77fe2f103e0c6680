"""The brake: an input is looked at whole before it is taken in; one that would do too much waits for a person."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from fhircase.errors import CutShort
from fhircase.exchange.brake import Does, Effect, Known, excesses
from fhircase.exchange.changes import changed
from fhircase.exchange.closing import closed
from fhircase.exchange.links import key_of
from fhircase.fhir import jsontext
from fhircase.ledger import Braked, Ledger, RecordKey
from fhircase.model import Record
from fhircase.worker.forgotten import Forgotten
from fhircase.worker.report import Brake, Standing
from fhircase.worker.spool import Given, Spool
from fhircase.worker.station import Progress, Station
from fhircase.worker.texts import digest, record_of, text_of

T = TypeVar("T")
CHUNK = 500
"""Records kept in one transaction of the ledger."""
FACT = "brake"
"""Under which the ledger keeps why records of an input wait."""
FILLING = "first input"
"""Under which the ledger keeps the kinds of which a first input is being taken in."""
SAMPLES = 5

Input = tuple[bytes, Record | Callable[[], Record | None]]
"""The text of a record, and the record, or what reads it when it is needed: None where it cannot be read."""


@dataclass(slots=True)
class Look:
    """What was seen of an input."""

    known: Known
    spool: Spool = field(default_factory=Spool)
    """What is not known to be as it was."""
    effect: Effect = field(default_factory=Effect)
    given: int = 0
    unchanged: int = 0
    cut: str = ""
    """Why the input is not whole; empty if it is."""
    forgotten: list[Standing] = field(default_factory=list)
    """Records of clients who were forgotten: they are kept nowhere."""
    overtaken: set[str] = field(default_factory=set)
    """Digests of texts that will stand in the ledger no more."""


def look(station: Station, records: Iterable[Input], progress: Progress) -> Look:
    """See all of an input, and change nothing. What is as it was, and agreed, is known by its text alone."""
    seen, forgotten = Look(_known(station.ledger)), Forgotten(station.ledger)
    for chunk in chunks(_until_cut(records, seen)):
        digests = [digest(text, station.mapping) for text, _ in chunk]
        known = station.ledger.agreed(station.server, digests)
        for now, (_, given) in zip(digests, chunk, strict=True):
            if now in known and now not in seen.overtaken:
                seen.given += 1
                seen.unchanged += 1
                seen.effect.met += 1
            elif (record := _read(given, seen)) is not None:
                seen.given += 1
                if forgotten.has(record):
                    reason = "the client was forgotten; `fhircase forget --allow` takes them in again"
                    seen.forgotten.append(Standing(key_of(record), "not taken in", "forgotten", reason))
                    continue
                _first_sight(station, seen, Given(key_of(record), now, text_of(record)))
        progress("read", seen.given, seen.given)
    return seen


def _known(ledger: Ledger) -> Known:
    """What is there before anything of the input is; another server's push may be taking in the same."""
    return Known(ledger.counts(), ledger.counts(given=True), jsontext.decode(ledger.facts("").get(FILLING, "[]")))


def _read(given: Record | Callable[[], Record | None], seen: Look) -> Record | None:
    try:
        return given() if callable(given) else given
    except CutShort as error:
        seen.cut = str(error)
        return None


def _until_cut(records: Iterable[Input], seen: Look) -> Iterator[Input]:
    try:
        yield from records
    except CutShort as error:
        seen.cut = str(error)


def _first_sight(station: Station, seen: Look, given: Given) -> None:
    """Note what one record would change."""
    seen.spool.add(given)
    before = station.ledger.digests([given.key]).get(given.key)
    seen.overtaken.discard(given.seen)
    if before == given.seen:
        there = station.ledger.deliveries(station.server, [given.key]).get(given.key)
        # It may be known here by another server's input, and news to this one.
        newer = there and station.ledger.revisions([given.key])[given.key] > max(there.wanted, there.sent)
        seen.effect.note(given.key, Does.MEETS | Does.CHANGES if newer else Does.MEETS)
        return
    if before is not None:
        seen.overtaken.add(before)
    _note(station, seen.effect, given)


def _note(station: Station, effect: Effect, given: Given) -> None:
    known = station.ledger.records([given.key]).get(given.key)
    if known is None:
        effect.note(given.key, Does.CREATES)
        return
    was = known.local.text if known.local else known.current
    if given.text == was:
        effect.note(given.key, Does.MEETS)
        return
    kind, more = given.key.kind, station.to.brake.closing
    is_closing = closed(kind, jsontext.decode(given.text), more) and not closed(kind, jsontext.decode(was), more)
    effect.note(given.key, Does.MEETS | Does.CHANGES | (Does.CLOSES if is_closing else Does.NOTHING))


def held(station: Station, seen: Look) -> Brake | None:
    """Put an input by that may not be taken in; nothing if it may."""
    reasons = [seen.cut] if seen.cut else list(excesses(seen.effect, seen.known, station.to.brake))
    if not reasons:
        return None
    ledger, now = station.ledger, station.now()
    with ledger.unit():
        for chunk in chunks(seen.spool):
            digests = ledger.digests(each.key for each in chunk)
            ledger.put_by(
                (Braked(station.server, each.key, each.text, each.seen, digests.get(each.key, "")) for each in chunk),
                now=now,
            )
        if count := ledger.count_put_by().get(station.server, 0):
            why = {"code": "cut-short" if seen.cut else "too-much", "reasons": reasons, "since": now.isoformat()}
            ledger.keep_fact(station.server, FACT, jsontext.encode(why).decode(), now=now)
    return Brake("cut-short" if seen.cut else "too-much", tuple(reasons), count)


@contextmanager
def filling(station: Station, seen: Look) -> Iterator[None]:
    """Remember while an input is taken in of what kinds it is the first: one that breaks off is none too many again."""
    ledger, least = station.ledger, station.to.brake.least
    fresh = {kind for kind in seen.effect.created if seen.known.given.get(kind, 0) <= least}
    if fresh := fresh - set(seen.known.filling):
        kinds = jsontext.encode(sorted(fresh | set(seen.known.filling))).decode()
        ledger.keep_fact("", FILLING, kinds, now=station.now())
    yield
    if seen.given and (fresh or seen.known.filling):
        ledger.drop_fact("", FILLING)


def waits(ledger: Ledger, server: str) -> Brake | None:
    """What of earlier inputs waits for a person's go, and why."""
    count, fact = ledger.count_put_by().get(server, 0), ledger.facts(server).get(FACT)
    why = jsontext.decode(fact) if fact else {}
    return Brake(why.get("code", ""), tuple(why.get("reasons", ())), count) if count else None


def released(station: Station, left: list[Standing]) -> Iterator[Given]:
    """What waits for the server, now that a person says go; what a newer input came past is left, and named."""
    for item in station.ledger.put_by_for(station.server):
        if station.ledger.digests([item.key]).get(item.key, "") in (item.base, item.seen):
            yield Given(item.key, item.seen, item.text)
        else:
            reason = "a newer input came past what waits here; `fhircase release --discard` lets go of it"
            left.append(Standing(item.key, "braked", "overtaken", reason))


def done(station: Station, keys: Iterable[RecordKey]) -> None:
    """Note that records were taken in: what waited of them waits no more."""
    station.ledger.drop_put_by(station.server, keys)
    if station.server not in station.ledger.count_put_by():
        station.ledger.drop_fact(station.server, FACT)


def discard(ledger: Ledger, server: str) -> int:
    """Let go of what waits; returns how many records that were."""
    with ledger.unit():
        ledger.drop_fact(server, FACT)
        return ledger.drop_put_by(server)


@dataclass(frozen=True, slots=True)
class Shown:
    """What would become of the records of a kind that wait. Paths and keys, never values."""

    kind: str
    records: int
    new: int
    fields: dict[str, int]
    """How many records each field would change in."""
    samples: tuple[str, ...]


def shown(ledger: Ledger, server: str) -> list[Shown]:
    """Say what would change if a person said go."""
    counts, fresh, samples = Counter[str](), Counter[str](), dict[str, list[str]]()
    fields: dict[str, Counter[str]] = {}
    for item in ledger.put_by_for(server):
        kind = item.key.kind
        counts[kind] += 1
        known = ledger.records([item.key]).get(item.key)
        if known is None:
            fresh[kind] += 1
        else:
            paths = changed(record_of(known.current), record_of(item.text))
            fields.setdefault(kind, Counter()).update({path.partition("[")[0] for path in paths})
        if len(some := samples.setdefault(kind, [])) < SAMPLES:
            some.append(item.key.value)
    return [
        Shown(kind, counts[kind], fresh[kind], dict(fields.get(kind, Counter()).most_common()), tuple(samples[kind]))
        for kind in sorted(counts)
    ]


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """Items in lists of what one transaction takes."""
    rest = iter(items)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
