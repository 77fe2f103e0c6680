"""What a run of the machine is about, and the steps that its rules are made of."""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize
from tests.model.hospital import Hospital
from tests.model.judge import Judge, Said, Whose
from tests.model.mortal import Fuse, Here
from tests.model.server import ModelServer
from tests.model.town import PLACES, Agency, Place, edited, words
from tests.world import World

from fhircase.exchange.links import key_of
from fhircase.ledger import Conflict
from fhircase.worker import dispatch
from fhircase.worker.texts import record_of

UNSEARCHABLE = ("Goal", "CareTeam")
"""What SEKMET cannot search, for one; there nothing can tell a late request's second goal from the first."""
MOST = 3
"""Clients in one run."""

places = st.sampled_from(PLACES)
scalars = st.sampled_from([place for place in PLACES if not place.listed])
numbers = st.integers(0, MOST - 1)
booleans = st.booleans()


class Base(RuleBasedStateMachine):
    """A hospital that pushes and pulls, an agency that writes there too, and the server between them."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self._here = patch.object(dispatch, "Pool", Here)
        self._here.start()
        logging.disable(logging.WARNING)
        self.world = World("http://model.example/fhir", Path(self._folder.name), "https://h.example")
        self._words = 0
        self.shown: dict[str, Conflict] = {}
        """Conflicts as a person has seen them."""
        self.heard: set[str] = set()
        """Words of which the hospital has been told."""
        self.clients: list[int] = []
        self.hospital: Hospital | None = None

    @initialize(
        full=booleans,
        histories=booleans,
        entries=st.sampled_from([50, 50, 3, 1]),
        more=st.sampled_from([False, False, False, True]),
        new=booleans,
    )
    def town(self, full, histories, entries, more, new):
        self.full = full
        self.server = ModelServer(self.world.url, () if full else UNSEARCHABLE, histories=histories)
        self.agency = Agency(self.server, self.world)
        self.judge = Judge(self.server, self.agency)
        organization = {"resourceType": "Organization", "identifier": [self.world.token("org", "AG")]}
        self.server.put("Organization/AG", organization)
        self.hospital = Hospital(self.world, self.server, entries)
        for _ in range(2 if more else 1):
            self.takes_on()
        if not new:
            self.pushes(self.hospital.export())

    def teardown(self) -> None:
        if self.hospital:
            self.hospital.process.close()
        self._here.stop()
        logging.disable(logging.NOTSET)
        self.world.close()
        self._folder.cleanup()

    @property
    def ledger(self):
        return self.hospital.process.ledger

    @property
    def wire(self):
        return self.hospital.process.wire

    def word(self, who: str) -> str:
        self._words += 1
        return f"{who} {self._words}"

    def client(self, number: int) -> int:
        return self.clients[number % len(self.clients)]

    # -- what the hospital does ---------------------------------------------------------------------

    def takes_on(self) -> int:
        """One more client, of whom nothing was sent yet."""
        client = len(self.clients)
        self.server.put(
            f"Patient/{client}", {"resourceType": "Patient", "identifier": [self.world.token("mrn", f"M{client}")]}
        )
        self.clients.append(client)
        self.hospital.takes_on(client)
        return client

    def edits(self, place: Place, client: int) -> None:
        text, record = self.word("hospital"), self.hospital.records[place.kind, client]
        read = set() if place.listed else {words(place, record), *self._disputed(place, record)}
        before = [each for each in self.judge.said if (each.place, each.client) == (place, client)]
        read = read.union(*(each.read for each in before[-1:]), (each.text for each in before[-1:]))
        self.judge.said.append(Said(place, client, text, read))
        self.hospital.records[place.kind, client] = edited(place, record, text)
        self.hospital.unsaid.add((place.kind, client))

    def _disputed(self, place: Place, record: Any) -> Iterator[str]:
        """What the server says where it is in dispute, as far as the hospital has been told of it."""
        key = key_of(record)
        if any(each.path.endswith(place.path) for each in self.ledger.conflicts("ehr", [key])):
            yield from {words(place, record_of(self.ledger.records([key])[key].current))} & self.heard

    def hears(self, record: Any) -> None:
        """The hospital is told of a record."""
        for place in PLACES:
            if place.kind == record.key.kind and not place.listed:
                self.heard.add(words(place, record))

    def pushes(
        self,
        records: dict[Whose, Any],
        faults: Iterable[str] = (),
        fuse: Fuse | None = None,
        at_writes: Iterable[str] = (),
    ) -> None:
        self._gives(records)
        if self.hospital.push(records, self.possible(faults), fuse, self.possible(at_writes)):
            self.judge.take(records)
            self.hospital.unsaid -= records.keys()

    def exports(self) -> dict[Whose, Any]:
        records = self.hospital.export()
        self._gives(records)
        return records

    def _gives(self, records: dict[Whose, Any]) -> None:
        self.judge.says(records.values(), self.ledger)
        for (kind, client), record in records.items():
            for place in PLACES:
                if place.kind == kind and not place.listed:
                    self._given(place, record, self.judge.taken.get((kind, client)))

    def _given(self, place: Place, record: Any, before: Any) -> None:
        """What is said for the first time where there is a dispute decides it, if the hospital was told of theirs."""
        text = words(place, record)
        if before is None or words(place, before) != text:
            for each in self.judge.said:
                if each.text == text:
                    each.read.update(self._disputed(place, record))

    def possible(self, faults: Iterable[str]) -> list[str]:
        # A request that arrives late makes a second goal where nobody can look for the first, which no client can help.
        return [fault for fault in faults if self.full or fault != "late"]

    # -- what the agency does -----------------------------------------------------------------------

    def answers(self, place: Place, client: int = 0) -> bool:
        """The agency writes something new."""
        return self.agency.edit(place, client, self.word("agency"))
