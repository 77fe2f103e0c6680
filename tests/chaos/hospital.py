"""The local system: it says what it likes, never looks at what comes back, and its file is all that is pushed."""

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.world import World, but

from fhircase.model import Concept, Note, Record
from fhircase.records import as_line

PLACES = {"title": "CarePlan", "note": "ServiceRequest", "offer note": "Task", "reason": "Task"}
"""What is edited, and the type of resource that it is seen in."""


@dataclass(frozen=True)
class Said:
    """One thing that the local system said, in words that nobody else uses."""

    place: str
    number: int
    """Which client's."""
    text: str


class Hospital:
    """Each client's case, plan and referral, and every edit of them."""

    def __init__(self, world: World, records: int, chance: random.Random, file: Path) -> None:
        self.world = world
        self.clients = -(-records // 3)
        self.records: dict[tuple[str, int], Record] = {}
        for number in range(self.clients):
            made = (world.case(number), world.plan(number), world.referral(number))
            self.records |= {(each.key.kind, number): each for each in made}
        self.chance = chance
        self.file = file
        self.said: list[Said] = []
        self.given_up: set[str] = set()

    def edit(self, place: str, number: int) -> Said:
        """Say something new at a place of one of this client's records."""
        said = Said(place, number, f"hospital {len(self.said)}")
        kind = "care-plan" if place == "title" else "referral"
        record: Any = self.records[kind, number]
        self.records[kind, number] = _edited(record, place, said.text)
        self.said.append(said)
        return said

    def edit_some(self, share: float, disputed: range) -> None:
        """Edit a share of the clients' records, and now and then what the agency edits, too."""
        for _ in range(max(1, round(self.clients * share))):
            self.edit(self.chance.choice(["title", "note", "offer note"]), self.chance.randrange(self.clients))
        for number in self.chance.sample(disputed, max(1, len(disputed) // 8)):
            self.edit("reason", number)

    def export(self) -> None:
        """Write the file anew, in one go, as a system does that is careful."""
        text = b"".join(as_line(record) for record in self.records.values())
        fresh = self.file.with_suffix(".fresh")
        fresh.write_bytes(text)
        fresh.replace(self.file)

    def inputs(self) -> list[tuple[bytes, Record]]:
        """What the file says."""
        return [(as_line(record), record) for record in self.records.values()]

    def give_up(self, ours: bytes) -> None:
        """Let go of what a person decided against."""
        self.given_up |= {each.text for each in self.said if json.dumps(each.text).encode() in ours}


def _edited(record: Any, place: str, text: str) -> Any:
    if place == "title":
        return but(record, title=text)
    if place == "note":
        return but(record, notes=(*record.notes, Note(text=text)))
    [offer] = record.offers
    if place == "reason":
        return but(record, offers=(but(offer, status_reason=Concept(text=text)),))
    return but(record, offers=(but(offer, notes=(*offer.notes, Note(text=text))),))
