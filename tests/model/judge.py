"""What must hold at every moment, and what must hold once all is at rest, by what each side said and the server did."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.model.history import Write
from tests.model.server import OURS, ModelServer
from tests.model.town import PLACES, STEPS, Agency, Place, said, word_in, words

from fhircase.exchange.links import key_of
from fhircase.ledger import Change, Conflict, Delivery, Ledger, RecordKey, State
from fhircase.worker.texts import record_of, text_of

Json = dict[str, Any]
Whose = tuple[str, int]
"""A kind of record, and a client."""
ELEMENTS = {
    "CarePlan": ("title", "description", "status"),
    "ServiceRequest": ("note",),
    "Task": ("note", "statusReason"),
}


@dataclass
class Said:
    """A word of the hospital's, and what it had read when it said so: only that may it replace."""

    place: Place
    client: int
    text: str
    read: set[str | None]


@dataclass
class Judge:
    """Looks at each write and each change once, and at the whole ledger after every step."""

    server: ModelServer
    agency: Agency
    said: list[Said] = field(default_factory=list)
    given_up: set[str] = field(default_factory=set)
    """What a person decided against."""
    taken: dict[Whose, Any] = field(default_factory=dict)
    """The hospital's records as the ledger certainly has them."""
    deleted: set[Whose] = field(default_factory=set)
    """Of what the agency took a part away."""
    doubled: dict[str, Whose] = field(default_factory=dict)
    """References of what somebody made a second time, and what that is."""
    unsure: set[Whose] = field(default_factory=set)
    """Of what was doubled before the hospital knew of any of the two."""
    _looked: int = 0
    _heard: int = 0
    _told: dict[RecordKey, bytes] = field(default_factory=dict)
    """What the hospital said or was told of a record last."""
    _furthest: dict[RecordKey, int] = field(default_factory=dict)

    def take(self, records: dict[Whose, Any]) -> None:
        """The hospital's records are in the ledger from now on."""
        self.taken |= records

    def says(self, records: Iterable[Any], ledger: Ledger) -> None:
        """The hospital gives these to the ledger; whether it takes them is to be seen."""
        self._news(ledger.changes())
        self._told |= {key_of(record): text_of(record) for record in records}

    # -- after every step ---------------------------------------------------------------------------

    def now(self, ledger: Ledger) -> None:
        """What holds at every moment."""
        for write in self.server.writes[self._looked :]:
            if write.who == "hospital" and write.before:
                self._replaced(write)
            if write.who == "hospital" and not write.before:
                self._made(write)
        self._looked = len(self.server.writes)
        self._news(ledger.changes())
        self._refused(ledger)
        for (kind, client), record in self.taken.items():
            if (kind, client) not in self.deleted:
                self._record(ledger, client, record)

    def _news(self, changes: list[Change]) -> None:
        """Each is told once, and says something that the hospital does not know."""
        assert len({change.id for change in changes}) == len(changes), "one id for two changes"
        # What a person decided is told, too, though it may be what was told before.
        found = [change for change in changes if "-" not in change.id]
        assert len({(change.key, change.revision) for change in found}) == len(found), "two ids for one change"
        for change in changes[self._heard :]:
            known = change.text == self._told.get(change.key)
            assert not known or change not in found, f"what is known is told: {change.key.value} {change.fields}"
            self._told[change.key] = change.text or b""
        self._heard = len(changes)

    def _refused(self, ledger: Ledger) -> None:
        """Nothing is given up but what somebody took away, or made a second time."""
        fine = self.deleted | set(self.doubled.values())
        for each in (*ledger.in_state(State.REFUSED), *ledger.in_state(State.HELD)):
            whose = each.key.kind, int(each.key.value.partition("-")[2])
            assert whose in fine, f"{each.key.value} is {each.state} ({each.code}): {each.reason}"

    def _replaced(self, write: Write) -> None:
        """A write of ours keeps what the agency said, unless it is known to have been read."""
        kind = write.after["resourceType"]
        assert write.reference.startswith(f"{kind}/")
        for place in PLACES:
            if place.type != kind:
                continue
            before, after = said(place, write.before), said(place, write.after)
            if place.listed:
                lost = Counter(before) - Counter(after)
                assert not lost, f"{place.name}: {set(lost)} is gone"
                assert max(Counter(after).values(), default=1) == 1, f"{place.name}: something is there twice: {after}"
            elif before != after and before in self._of_agency(place):
                by = next((each for each in self.said if each.text == after), None)
                assert by, f"{place.name}: {before} became {after}, which nobody said"
                assert before in by.read, f"{place.name}: {before} became {after}, and was not read"
        if kind == "CarePlan":
            back = STEPS[write.after["status"]] < STEPS[write.before["status"]]
            assert not back, f"status: {write.before['status']} became {write.after['status']}"
        assert _rest(kind, write.before) == _rest(kind, write.after), f"{kind}: changed where nobody of us did"

    def _made(self, write: Write) -> None:
        """What we make was not there."""
        names = set(_names([write.after]))
        for reference, versions in self.server.versions.items():
            if reference == write.reference:
                break  # What follows came later.
            if reference.partition("/")[0] in OURS:
                assert not names & set(_names(versions[:1])), f"{write.reference} was made, and {reference} was there"

    def _of_agency(self, place: Place) -> set[str]:
        return {text for (name, _), texts in self.agency.said.items() if name == place.name for text in texts}

    def _record(self, ledger: Ledger, client: int, taken: Any) -> None:
        """What the hospital gave is known, and what is taken for done was done."""
        key = key_of(taken)
        current = record_of(ledger.records([key])[key].current)
        agreed = ledger.deliveries("ehr", [key])[key].state is State.AGREED
        opened = ledger.conflicts("ehr", [key])
        for place in PLACES:
            if place.kind != key.kind:
                continue
            named = [each for each in opened if each.path.endswith(place.path)]
            there, believed = self._ever(place, client), words(place, current)
            self._kept(place, client, words(place, taken), believed, there, named)
            if agreed:
                wrong = set(believed) - there if place.listed else {believed} - there
                assert not wrong & {each.text for each in self.said}, f"{place.name}: {wrong} is taken for sent"
        if key.kind == "care-plan":
            step = STEPS[str(current.status)]
            assert step >= self._furthest.get(key, 0), f"a plan that was ended is {current.status}"
            self._furthest[key] = step

    def _ever(self, place: Place, client: int) -> set[str | None]:
        """All that ever stood at a place on the server."""
        resource = self.agency.find(place, client)
        versions = self.server.versions[f"{resource['resourceType']}/{resource['id']}"] if resource else []
        every = [said(place, version) for version in versions if version]
        return {text for texts in every for text in texts} if place.listed else set(every)

    def _kept(
        self, place: Place, client: int, word: Any, believed: Any, there: set[str | None], named: list[Conflict]
    ) -> None:
        """What the hospital says is owed or was sent, or is named, or it has said something else since."""
        ours = [each.text for each in self.said if (each.place, each.client) == (place, client)]
        text = b"".join(each.ours or b"" for each in named)
        if place.listed:
            lost = [
                each for each in word if each in ours and each not in {*believed, *there} and each.encode() not in text
            ]
            assert not lost, f"{place.name}: {lost} are nowhere"
        elif word in ours and word not in self.given_up:
            since = ours[ours.index(word) :]
            fine = any(each in (believed, *there) or each.encode() in text for each in since)
            assert fine, f"{place.name}: {word} is nowhere"

    # -- at rest ------------------------------------------------------------------------------------

    def at_rest(self, ledger: Ledger, records: dict[Whose, Any]) -> None:
        """What holds when faults have ended and nothing moves any more."""
        assert not ledger.damage()
        deliveries = {each.key: each for state in State for each in ledger.in_state(state)}
        for (kind, client), record in records.items():
            key = key_of(record)
            self._settled(deliveries[key], kind, client)
            if deliveries[key].state is State.AGREED and (kind, client) not in self.deleted:
                current = record_of(ledger.records([key])[key].current)
                self._alike(ledger, client, current, ledger.conflicts("ehr", [key]))

    def told(self, records: dict[Whose, Any], opened: list[Conflict]) -> None:
        """What holds once the hospital has taken over what came in: it has all that the agency said."""
        for (kind, client), record in records.items():
            if (kind, client) in self.deleted | set(self.doubled.values()):
                continue
            disputed = [each.path for each in opened if each.key == key_of(record)]
            for place in PLACES:
                if place.kind == kind and not any(each.endswith(place.path) for each in disputed):
                    there, known = self._there(place, client), words(place, record)
                    if place.listed:
                        assert set(there) & self._of_agency(place) <= set(known), f"{place.name}: news was lost"
                    elif there in self._of_agency(place):
                        assert known == there, f"{place.name}: {there} is news, and {known} is what the hospital has"

    def _settled(self, delivery: Delivery, kind: str, client: int) -> None:
        where = f"{kind} {client} is {delivery.state} ({delivery.code}): {delivery.reason}"
        if (kind, client) in self.deleted:
            assert (delivery.state, delivery.code) == (State.REFUSED, "deleted"), where
        elif (kind, client) in self.unsure:
            assert (delivery.state, delivery.code) == (State.REFUSED, "doubled"), where
        elif (kind, client) not in self.doubled.values():
            assert delivery.state is State.AGREED, where

    def _alike(self, ledger: Ledger, client: int, current: Any, opened: list[Conflict]) -> None:
        """Both sides hold the same, and what is in dispute is what each of them says."""
        kind = key_of(current).kind
        for place in PLACES:
            if place.kind != kind:
                continue
            there, believed = self._there(place, client), words(place, current)
            same = set(there) == set(believed) if place.listed else there == believed
            assert same, f"{place.name} {client}: we believe {believed}, and it is {there}"
        if kind == "care-plan" and not any(each.path == "status" for each in opened):
            plan = self.agency.find(PLACES[0], client)
            assert plan["status"] == str(current.status), f"we believe {current.status}, and it is {plan['status']}"
        for each in opened:
            self._disagreed(each, client)

    def _there(self, place: Place, client: int) -> Any:
        resource = self.agency.find(place, client)
        assert resource is not None, f"{place.name} {client} is missing"
        return said(place, resource)

    def _disagreed(self, conflict: Conflict, client: int) -> None:
        """Whether the hospital said the one thing, and the server says the other."""
        where = f"{conflict.path} of {conflict.key.value} is in dispute"
        place = next((p for p in PLACES if p.kind == conflict.key.kind and conflict.path.endswith(p.path)), None)
        if place is None:
            assert conflict.path == "status", where
            return
        ours = {each.text for each in self.said if (each.place, each.client) == (place, client)}
        assert not place.listed, where
        assert word_in(conflict.ours) in ours, f"{where}, and the hospital never said {conflict.ours!r}"
        there = self._there(place, client)
        assert word_in(conflict.theirs) == there, f"{where}, and the server says {there}, not {conflict.theirs!r}"


def _names(resources: Iterable[Json]) -> Iterator[tuple[str, str, str]]:
    for resource in resources:
        for each in resource.get("identifier", ()):
            yield resource["resourceType"], each.get("system"), each.get("value")


def _rest(kind: str, resource: Json) -> str:
    """All that nobody edits; references may be completed, and the narrative follows."""
    left = {name: value for name, value in resource.items() if name not in ("meta", "text", *ELEMENTS.get(kind, ()))}
    return json.dumps(_unlinked(left), sort_keys=True, default=str)


def _unlinked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unlinked(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: _unlinked(each) for name, each in value.items() if name != "reference"}
