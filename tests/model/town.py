"""Who says what in a run of the machine: a hospital's records, an agency on the same server, and places to edit."""

from dataclasses import dataclass, field
from typing import Any

from tests.model.server import ModelServer
from tests.world import World, but

from fhircase.fhir import jsontext
from fhircase.model import Concept, Note, Record

Json = dict[str, Any]


@dataclass(frozen=True, repr=False)
class Place:
    """Where both sides write: a field of a record, and the element that it is."""

    name: str
    kind: str
    """The record's."""
    type: str
    """The resource's."""
    path: str
    """What a conflict at this place is called by, at its end."""
    listed: bool = False

    def __repr__(self) -> str:
        return f"<{self.name}>"


PLACES = (
    Place("title", "care-plan", "CarePlan", "title"),
    Place("description", "care-plan", "CarePlan", "description"),
    Place("reason", "referral", "Task", "status_reason"),
    Place("note", "referral", "ServiceRequest", "notes", listed=True),
    Place("offer note", "referral", "Task", "notes", listed=True),
)
BY_NAME = {place.name: place for place in PLACES}
VALUES = {"care-plan": "P-{}", "referral": "R-{}", "case": "C-{}"}
STEPS = {"active": 0, "on-hold": 0, "completed": 1, "revoked": 1}
"""How far each status of a plan is in its life."""


def said(place: Place, resource: Json) -> Any:
    """What a resource says at a place: a text, or a list of texts."""
    if place.listed:
        return [each["text"] for each in resource.get("note", ())]
    if place.name == "reason":
        return resource.get("statusReason", {}).get("text")
    return resource.get(place.name)


def with_said(place: Place, resource: Json, text: str) -> Json:
    """The resource with something new at a place."""
    if place.listed:
        return {**resource, "note": [*resource.get("note", ()), {"text": text}]}
    if place.name == "reason":
        return {**resource, "statusReason": {"text": text}}
    return {**resource, place.name: text}


def edited(place: Place, record: Any, text: str) -> Record:
    """The record with something new at a place."""
    if place.name == "note":
        return but(record, notes=(*record.notes, Note(text=text)))  # type: ignore[no-any-return]
    if place.type == "Task":
        offer = record.offers[0]
        new = (
            but(offer, notes=(*offer.notes, Note(text=text)))
            if place.listed
            else but(offer, status_reason=Concept(text=text))
        )
        return but(record, offers=(new, *record.offers[1:]))  # type: ignore[no-any-return]
    return but(record, **{place.name: text})  # type: ignore[no-any-return]


def words(place: Place, record: Any) -> Any:
    """What a record says at a place."""
    if place.name == "note":
        return [each.text for each in record.notes]
    if place.type == "Task":
        offer = record.offers[0]
        return [each.text for each in offer.notes] if place.listed else getattr(offer.status_reason, "text", None)
    return getattr(record, place.name)


def word_in(value: bytes | None) -> str | None:
    """The text in what a conflict keeps of one side, at a place that is not a list."""
    found = jsontext.decode(value) if value is not None else None
    return found.get("text") if isinstance(found, dict) else found


@dataclass
class Agency:
    """Another client of the same server."""

    server: ModelServer
    world: World
    said: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    """What it wrote at each place of each client, in order."""

    def find(self, place: Place, client: int) -> Json | None:
        """The live resource that a place is in; the first of them, if somebody made another."""
        what, value = (
            ("offer", f"R-{client}:o1") if place.type == "Task" else (place.kind, VALUES[place.kind].format(client))
        )
        token = self.world.token(what, value)
        for resource in self.server.live(place.type):
            if any(token.items() <= each.items() for each in resource.get("identifier", ())):
                return resource
        return None

    def edit(self, place: Place, client: int, text: str) -> bool:
        """Write something new there, on what is there now."""
        resource = self.find(place, client)
        if resource is None:
            return False
        self._write(with_said(place, resource, text))
        self.said.setdefault((place.name, client), []).append(text)
        return True

    def put_status(self, client: int, status: str) -> None:
        """Say how a plan stands, late or not."""
        if resource := self.find(BY_NAME["title"], client):
            self._write({**resource, "status": status})

    def advance(self, client: int) -> bool:
        """Take an offer one step further."""
        resource = self.find(BY_NAME["reason"], client)
        way = ("requested", "received", "accepted", "in-progress", "completed")
        if resource is None or resource["status"] not in way[:-1]:
            return False
        self._write({**resource, "status": way[way.index(resource["status"]) + 1]})
        return True

    def delete(self, place: Place, client: int) -> bool:
        """Take it away."""
        resource = self.find(place, client)
        if resource is None:
            return False
        answer = self.server.handle("agency", "DELETE", f"{resource['resourceType']}/{resource['id']}", "", {}, b"")
        return answer.status == 204

    def copy(self, place: Place, client: int) -> str | None:
        """Make what is there a second time, as somebody may who does not look; the reference of the first."""
        resource = self.find(place, client)
        if resource is None:
            return None
        answer = self.server.handle("stranger", "POST", place.type, "", {}, jsontext.encode(resource))
        assert answer.status == 201, answer
        return f"{place.type}/{resource['id']}"

    def write_elsewhere(self, place: Place) -> None:
        """Write something of the same type that has nothing to do with us."""
        stranger = {"resourceType": place.type, "status": "active"}
        self.server.handle("stranger", "POST", place.type, "", {}, jsontext.encode(stranger))

    def _write(self, resource: Json) -> None:
        version = {"if-match": f'W/"{resource["meta"]["versionId"]}"'}
        path = f"{resource['resourceType']}/{resource['id']}"
        answer = self.server.handle("agency", "PUT", path, "", version, jsontext.encode(resource))
        assert answer.status == 200, answer
