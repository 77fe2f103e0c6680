"""A claimed record made ready to send: its resources as they should be, on top of what was agreed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fhircase.errors import InvalidInput, Problem
from fhircase.exchange.abilities import Delivery
from fhircase.exchange.links import named_by
from fhircase.exchange.people import PATIENT, found_by
from fhircase.exchange.pull import arranged
from fhircase.exchange.push import Part, business, guard, parts
from fhircase.fhir import jsontext
from fhircase.fhir.invariants import newly_broken
from fhircase.ledger import Claim, RecordKey, Resource
from fhircase.mapping import write
from fhircase.model import Record
from fhircase.worker.absorb import base_of, gather, row, take
from fhircase.worker.fetch import Found, fetch, identified, originals, pristine, seen
from fhircase.worker.station import Station
from fhircase.worker.texts import links_of, record_of

_OTHERS = tuple(f"{kind}/" for kind in (PATIENT, "Coverage", "ClaimResponse"))
"""What is never ours to write, so that whoever wrote it says nothing about us."""

Mark = tuple[str, str]
"""What a resource is found by: its type, and an identifier as `system|value`."""

AROUND = 500
"""Bytes of an entry besides its resource: URLs, the condition, references that become longer."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A record ready to send."""

    claim: Claim
    record: Record = field(repr=False)
    parts: tuple[Part, ...]
    links: frozenset[RecordKey]
    rows: tuple[Resource, ...] = field(repr=False)

    @property
    def key(self) -> RecordKey:
        """Which record."""
        return self.claim.key

    @property
    def size(self) -> int:
        """How many resources would be written."""
        return len(self.written)

    @property
    def bytes(self) -> int:
        """How large they are, about: what goes around each is guessed on the safe side."""
        return sum(len(jsontext.encode(part.resource)) + AROUND for part in self.written)

    @property
    def written(self) -> tuple[Part, ...]:
        """The parts that would be written."""
        return tuple(part for part in self.parts if (part.new and not part.linked) or part.changed)


class Doubled(InvalidInput):
    """The server has several resources with one identifier of ours."""


class Deleted(InvalidInput):
    """A part of the record was deleted on the server."""


def deleted(parts: Iterable[Part]) -> Deleted:
    """Say what is gone. It is not made again: somebody took it away."""
    hint = "restore it on the server, or give the record a new key"
    return Deleted(
        [
            Problem(f"{part.reference} was deleted on the server", part.role, "never recreated silently", hint)
            for part in parts
        ]
    )


def ready(
    station: Station, claim: Claim, record: Record | None = None, rows: tuple[Resource, ...] | None = None
) -> Ready:
    """Write a record onto what was agreed.

    Args:
        station: where.
        claim: the right to send it.
        record: what to write instead of what was claimed.
        rows: what it is on the server, if that is known already.

    Raises:
        InvalidInput: it cannot be written as FHIR, or what was agreed cannot be read any more.
    """
    links = named_by(record) if record else links_of(claim.record.current)
    record = record or record_of(claim.record.current)
    if rows is None:
        rows = station.ledger.resources(station.server, [claim.key]).get(claim.key, ())
    agreed = [(row, jsontext.decode(row.agreed)) for row in rows if row.agreed is not None]
    roles = {row.reference: row.role for row in rows}
    placed = write(
        record, station.to.fhir, arranged(record, roles, [resource for _, resource in agreed]), station.to.overlays
    )
    made = parts(claim.key, placed, agreed)
    _held_to_rules(made, station.to.fhir)
    return Ready(claim, record, made, links, rows)


def _held_to_rules(made: Iterable[Part], fhir: str) -> None:
    """What we change keeps FHIR's rules; what others broke before is left to them."""
    wrong = [
        problem
        for part in made
        if not part.linked and (part.new or part.changed)
        for problem in newly_broken(part.resource, part.before, fhir)
    ]
    if wrong:
        raise InvalidInput(wrong)


def likely(station: Station, unsure: Iterable[Ready]) -> list[Ready]:
    """Those of which something may be there. Of what was never sent, all is there or nothing, its own resource too.

    So that is asked for, and what sending would not notice, instead of every part: a search costs some servers more
    than a write.

    Raises:
        ServerError: the server could not be asked.
    """
    several = [(one, _telling(station, one)) for one in unsure]
    there = _found(station, (mark for _, telling in several for mark in telling)).keys()
    return [one for one, telling in several if not telling or telling & there]


def _telling(station: Station, one: Ready) -> frozenset[Mark]:
    """By what a record would be noticed; nothing, where every part has to be looked for."""
    key, can, named = one.key, station.can, _marks(one)
    own = [mark for _, mark in named if mark[1] == f"{key.namespace}/{key.kind}|{key.value}" and can.can_find(mark[0])]
    if one.claim.unsure or can.delivery is not Delivery.TRANSACTION or not own:
        return frozenset()
    return frozenset([own[0], *(mark for part, mark in named if not guard(part, can))])


def _marks(one: Ready) -> list[tuple[Part, Mark]]:
    """The parts of a record that are to be made, each with what it can be found by."""
    made = [(part, business(one.key, part.resource)) for part in one.parts if part.new and not part.linked]
    return [(part, (str(part.resource["resourceType"]), token)) for part, token in made if token]


def look_up(station: Station, unsure: Iterable[Ready]) -> tuple[dict[RecordKey, Ready], dict[RecordKey, InvalidInput]]:
    """Find what an earlier attempt may have made, so that nothing is made twice.

    Raises:
        ServerError: the server could not be asked.
    """
    several = {one.key: one for one in unsure}
    by_mark = _found(station, (mark for one in several.values() for _, mark in _marks(one)))
    result: dict[RecordKey, Ready] = {}
    bad: dict[RecordKey, InvalidInput] = {}
    for key, one in several.items():
        there = {part.role: by_mark.get(mark, []) for part, mark in _marks(one)}
        try:
            result[key] = _adopted(station, one, there)
        except InvalidInput as error:
            bad[key] = error
    return result, bad


def look_after(station: Station, unsure: Iterable[Ready]) -> dict[RecordKey, InvalidInput]:
    """Find which of these have lost a part: where nothing else is to be sent, no answer of the server would say so.

    Raises:
        ServerError: the server could not be asked.
    """
    parts = {one.key: [part for part in one.parts if not part.new and not part.linked] for one in unsure}
    _, gone = fetch(station, (part.reference for several in parts.values() for part in several))
    lost = {key: [part for part in several if part.reference in gone] for key, several in parts.items()}
    return {key: deleted(several) for key, several in lost.items() if several}


def _found(station: Station, marks: Iterable[Mark]) -> dict[Mark, list[Found]]:
    wanted: dict[str, set[str]] = {}
    for kind, token in marks:
        wanted.setdefault(kind, set()).add(token)
    found: dict[Mark, list[Found]] = {}
    for kind, resources in identified(station, wanted).items():
        for resource in resources:
            for token in found_by([resource]):
                found.setdefault((kind, token), []).append(seen(resource))
    return found


def _adopted(station: Station, one: Ready, there: Mapping[str, list[Found]]) -> Ready:
    """The record on top of what is there already; unchanged where nothing is."""
    for role, found in there.items():
        if len(found) > 1:
            named = ", ".join(sorted(each.reference for each in found))
            hint = "remove all but one on the server, then push again"
            raise Doubled(Problem(f"the server has it {len(found)} times: {named}", role, "one identifier", hint))
    have = {each.reference: each for found in there.values() for each in found}
    if not have:
        return one
    have |= {row.reference: Found(jsontext.decode(row.agreed), row.etag) for row in one.rows if row.agreed}
    every, _ = gather(station, one.key.kind, have)
    base = _made(station, one, every) if one.claim.unsure else None
    untouched = base is None and pristine(station, [each for each in every if not each.startswith(_OTHERS)])
    taken = take(station, one.key, every.values(), base, pristine=untouched)
    return ready(station, one.claim, taken.record)


def _made(station: Station, one: Ready, every: Mapping[str, Found]) -> Record | None:
    """The record as an attempt of ours made it whose answer we never had: what we said then is what was agreed.

    What others made of it since, and what they made themselves, is no part of it.
    """
    wanted = {(part.resource["resourceType"], business(one.key, part.resource)) for part in one.parts if part.new}
    known = {row.reference for row in one.rows if row.agreed}
    ours = [
        reference
        for reference, found in every.items()
        if reference not in known and (found.resource["resourceType"], business(one.key, found.resource)) in wanted
    ]
    then = originals(station, ours)
    kept = {each: found for each, found in every.items() if each in known or each.startswith(_OTHERS)}
    if then.keys() != set(ours):
        return None
    return base_of(station, one.key, [row(station, one.key, "", found) for found in [*kept.values(), *then.values()]])
