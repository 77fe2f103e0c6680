"""What must hold at every moment, and what must hold once all is at rest, by what each side said and the server did."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.model.server import OURS, ModelServer, Write
from tests.model.town import PLACES, Agency, Place, said, words

from fhircase.exchange.links import key_of
from fhircase.ledger import Conflict, Delivery, Ledger, State
from fhircase.worker.texts import record_of

Json = dict[str, Any]
ELEMENTS = {"CarePlan": ("title", "description"), "ServiceRequest": ("note",), "Task": ("note", "statusReason")}


@dataclass
class Said:
    """A word of the hospital's, and what it had read when it said so: only that may it replace."""

    place: Place
    client: int
    text: str
    read: set[str | None]


@dataclass
class Judge:
    """Looks at each write once."""

    server: ModelServer
    agency: Agency
    said: list[Said] = field(default_factory=list)
    looked: int = 0
    given_up: set[str] = field(default_factory=set)
    """What a person decided against."""
    deleted: set[tuple[str, int]] = field(default_factory=set)
    """Kinds of record and clients that the agency took a part of away."""

    def now(self, ledger: Ledger) -> None:
        """What holds at every moment."""
        for write in self.server.writes[self.looked :]:
            if write.who == "hospital" and write.before:
                self._replaced(write)
        self.looked = len(self.server.writes)
        named = Counter(_names(self.server.live(*OURS)))
        assert not [name for name, count in named.items() if count > 1], "two resources have one identifier"
        changes = ledger.changes()
        assert len({change.id for change in changes}) == len(changes), "one id for two changes"
        assert len({(change.key, change.revision) for change in changes}) == len(changes), "two ids for one change"

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
        assert _rest(kind, write.before) == _rest(kind, write.after), f"{kind}: changed where nobody of us did"

    def _of_agency(self, place: Place) -> set[str]:
        return {text for (name, _), texts in self.agency.said.items() if name == place.name for text in texts}

    # -- at rest ------------------------------------------------------------------------------------

    def at_rest(self, ledger: Ledger, clients: Iterable[int], records: dict[tuple[str, int], Any]) -> None:
        """What holds when faults have ended and nothing moves any more."""
        for each in ledger.conflicts():
            assert self._disagreed(each), f"nobody disagrees about {each.path} of {each.key.value}"
        deliveries = {each.key: each for state in State for each in ledger.in_state(state)}
        for kept in ledger.scan():
            self._settled(deliveries[kept.key])
        for client in clients:
            for place in PLACES:
                key = key_of(records[place.kind, client])
                if key in deliveries and (place.kind, client) not in self.deleted:
                    current = record_of(ledger.records([key])[key].current)
                    named = [c.ours or b"" for c in ledger.conflicts("ehr", [key]) if c.path.endswith(place.path)]
                    self._kept(place, client, words(place, records[place.kind, client]), current, b"".join(named))

    def told(self, records: dict[tuple[str, int], Any]) -> None:
        """What holds once the hospital has taken over what came in: it has all that the agency said."""
        for place in PLACES:
            for client in {
                client for kind, client in records if kind == place.kind and (kind, client) not in self.deleted
            }:
                resource = self.agency.find(place, client)
                theirs = set(said(place, resource) if resource and place.listed else ()) & self._of_agency(place)
                assert theirs <= set(words(place, records[place.kind, client]) or ()), f"{place.name}: news was lost"

    def _settled(self, delivery: Delivery) -> None:
        kind, client = delivery.key.kind, int(delivery.key.value.partition("-")[2])
        where = f"{kind} {client} is {delivery.state} ({delivery.code}): {delivery.reason}"
        if delivery.state is State.REFUSED:
            assert delivery.code == "deleted", where
            assert (kind, client) in self.deleted, where
        else:
            assert delivery.state is State.AGREED, where

    def _disagreed(self, conflict: Conflict) -> bool:
        """Whether both sides said something there."""
        kind, client = conflict.key.kind, int(conflict.key.value.partition("-")[2])
        return any(
            conflict.path.endswith(place.path)
            and self.agency.said.get((place.name, client))
            and any((each.place, each.client) == (place, client) for each in self.said)
            for place in PLACES
            if place.kind == kind
        )

    def _kept(self, place: Place, client: int, local: Any, current: Any, named: bytes) -> None:
        """What the hospital says is there, or was there and read, or is named; and we know what is there."""
        resource = self.agency.find(place, client)
        assert resource is not None, f"{place.name} {client} is missing"
        there = said(place, resource)
        ours = {each.text for each in self.said if (each.place, each.client) == (place, client)} - self.given_up
        if place.listed:
            lost = [text for text in ours.intersection(local) - set(there) if text.encode() not in named]
            assert not lost, f"{place.name}: {lost} are not there: {there}"
            assert set(there) <= set(words(place, current)), f"{place.name}: theirs were not told"
            return
        versions = self.server.versions[f"{resource['resourceType']}/{resource['id']}"]
        arrived = local in {said(place, version) for version in versions}
        fine = local not in ours or arrived or local.encode() in named
        assert fine, f"{place.name}: {local} never arrived, and is not named"
        assert words(place, current) == there, f"{place.name} {client}: we believe otherwise"


def _names(resources: Iterable[Json]) -> Iterable[tuple[str, str, str]]:
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
