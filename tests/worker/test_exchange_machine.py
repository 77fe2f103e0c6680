"""Ledger and exchange against a model server, in any order of edits, faults and deaths that Hypothesis thinks of."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.model.judge import Judge, Said
from tests.model.mortal import Here, MortalLedger, opened, station
from tests.model.server import ModelServer
from tests.model.town import PLACES, Agency, edited, words
from tests.model.wire import FAULTS, Killed, Wire
from tests.often import often
from tests.world import World, lines

from fhircase.exchange.links import key_of
from fhircase.ledger import Outcome
from fhircase.worker import dispatch
from fhircase.worker.decide import settle
from fhircase.worker.feed import Feed
from fhircase.worker.pull import pull
from fhircase.worker.push import push
from fhircase.worker.texts import record_of
from fhircase.worker.told import told

CLIENTS = range(2)
ROUNDS = 12
UNSEARCHABLE = ("Goal", "CareTeam")
"""What SEKMET cannot search, for one; there nothing can tell a late request's second goal from the first."""

places = st.sampled_from(PLACES)
clients = st.sampled_from(CLIENTS)
mishaps = st.lists(st.sampled_from(["", *FAULTS]), max_size=8)
fuses = st.none() | st.integers(0, 150)
batches = st.sampled_from([50, 3, 1])


class Exchange(RuleBasedStateMachine):
    """A hospital that pushes and pulls, an agency that writes there too, and all that goes wrong between them."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self._here = patch.object(dispatch, "Pool", Here)
        self._here.start()
        logging.disable(logging.WARNING)
        self.world = World("http://model.example/fhir", Path(self._folder.name), "https://h.example")
        self.time = datetime(2026, 1, 1, 12, tzinfo=UTC)
        self.owner = 0
        self.words = 0
        self.races: list[tuple[int, int]] = []
        self.unsaid: set[tuple[str, int]] = set()
        """Records that the hospital has edited and not pushed since."""
        self.records = {(each.key.kind, n): each for n in CLIENTS for each in self._made(n)}
        self.ledger: MortalLedger | None = None

    def _made(self, number: int) -> list:
        return [self.world.case(number), self.world.plan(number), self.world.referral(number)]

    @initialize(full=st.booleans(), entries=batches)
    def town(self, full, entries):
        self.full, self.entries = full, entries
        self.server = ModelServer(self.world.url, () if full else UNSEARCHABLE)
        self.agency = Agency(self.server, self.world)
        self.judge = Judge(self.server, self.agency)
        for number in CLIENTS:
            patient = {"resourceType": "Patient", "identifier": [self.world.token("mrn", f"M{number}")]}
            self.server._write("town", f"Patient/{number}", patient)
        organization = {"resourceType": "Organization", "identifier": [self.world.token("org", "AG")]}
        self.server._write("town", "Organization/AG", organization)
        self._begin()

    def _now(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time

    def _begin(self) -> None:
        """A process begins."""
        late = self.wire.late if hasattr(self, "wire") else []
        self.wire = Wire(self.server, "hospital", self._race)
        self.wire.late = late
        self.ledger = opened(f"{self._folder.name}/ledger", self.wire)
        self.owner += 1
        self.station = station(
            self.wire,
            self.ledger,
            f"elsewhere/{self.owner}",
            self._now,
            bundle_entries=self.entries,
            patient_identifiers=(f"{self.world.namespace}/mrn",),
        )

    def _race(self) -> None:
        place, client = self.races.pop(0) if self.races else (PLACES[-1], 0)
        self.agency.edit(place, client, self._word("agency"))

    def _word(self, who: str) -> str:
        self.words += 1
        return f"{who} {self.words}"

    # -- what both sides say ------------------------------------------------------------------------

    @rule(place=places, client=clients)
    def the_hospital_edits(self, place, client):
        text, record = self._word("hospital"), self.records[place.kind, client]
        read = set() if place.listed else {words(place, record), *self._disputed(place, record)}
        before = [each for each in self.judge.said if (each.place, each.client) == (place, client)]
        read = read.union(*(each.read for each in before[-1:]), (each.text for each in before[-1:]))
        self.judge.said.append(Said(place, client, text, read))
        self.records[place.kind, client] = edited(place, record, text)
        self.unsaid.add((place.kind, client))

    def _disputed(self, place, record):
        """What the server says where the hospital has been told that it is in dispute."""
        key = key_of(record)
        if any(each.path.endswith(place.path) for each in self.ledger.conflicts("ehr", [key])):
            yield words(place, record_of(self.ledger.records([key])[key].current))

    @rule(decision=st.sampled_from(["ours", "theirs", "edited"]))
    @precondition(lambda self: self.ledger.conflicts())
    def a_person_settles(self, decision):
        conflict = self.ledger.conflicts()[0]
        place = next(each for each in PLACES if each.kind == conflict.key.kind and conflict.path.endswith(each.path))
        client = int(conflict.key.value.partition("-")[2])
        theirs = words(place, record_of(self.ledger.records([conflict.key])[conflict.key].current))
        ours = [each for each in self.judge.said if each.text.encode() in (conflict.ours or b"")]
        new = {"text": self._word("hospital")} if place.name == "reason" else self._word("hospital")
        settle(self.ledger, conflict.id, Outcome(decision), new if decision == "edited" else None, now=self._now())
        if decision == "edited":
            text = new["text"] if isinstance(new, dict) else new
            self.judge.said.append(Said(place, client, text, {theirs, *(each.text for each in ours)}))
        for each in ours:
            each.read.add(theirs)
            if decision != "ours":
                self.judge.given_up.add(each.text)

    @rule(place=places, client=clients)
    def the_agency_edits(self, place, client):
        self.agency.edit(place, client, self._word("agency"))

    @rule(client=clients)
    def the_agency_takes_a_step(self, client):
        self.agency.advance(client)

    @rule(place=st.sampled_from([PLACES[0], PLACES[4]]))
    @precondition(lambda self: not self.judge.deleted)
    def the_agency_deletes(self, place):
        # Of one client only, or there were soon nothing to write about.
        if self.agency.delete(place, 1):
            self.judge.deleted.add((place.kind, 1))

    @rule()
    @precondition(lambda self: not self.unsaid)
    def the_hospital_takes_over_what_came_in(self):
        feed = Feed(self.ledger, self._now)
        for offer in list(feed.changes()):
            record = offer.record
            self.records[record.key.kind, int(record.key.value.partition("-")[2])] = record
            feed.ack(offer.cursor)

    # -- the exchange -------------------------------------------------------------------------------

    @rule(faults=mishaps, fuse=fuses, some=st.booleans(), races=st.lists(st.tuples(places, clients), max_size=3))
    def push(self, faults, fuse, some, races):
        keys = list(self.records)[: 2 if some else None]
        given = lines(self.records[key] for key in keys)
        if self._go(faults, fuse, races, lambda: push(self.station, given)):
            self.unsaid -= set(keys)

    @rule(faults=mishaps, fuse=fuses, races=st.lists(st.tuples(places, clients), max_size=3))
    def pull(self, faults, fuse, races):
        self._go(faults, fuse, races, lambda: pull(self.station))

    def _go(self, faults, fuse, races, what):
        # A request that arrives late makes a second goal where nobody can look for the first, which no client can help.
        self.wire.faults.extend(fault for fault in faults if self.full or fault != "late")
        self.ledger.fuse, self.races = fuse, list(races)
        try:
            what()
        except Killed:
            self.ledger.close()
            self._begin()
            return False
        self.wire.faults.clear()
        self.ledger.fuse = None
        return True

    @rule(minutes=st.sampled_from([0.1, 1, 6, 60]))
    def time_passes(self, minutes):
        self.time += timedelta(minutes=minutes)
        self.server.clock += timedelta(minutes=minutes)

    @rule()
    def what_was_held_up_arrives(self):
        self.wire.arrive()

    @rule()
    def all_comes_to_rest(self):
        self.wire.arrive()
        for _ in range(ROUNDS):
            self.time_passes(60)
            pushed = push(self.station, lines(self.records.values()))
            pulled = pull(self.station)
            told(self.station, pulled)
            self.unsaid.clear()
            if not (pushed.sent or pushed.owed or pushed.stopped or pulled.changes or pulled.stopped):
                break
        else:
            raise AssertionError(f"it never comes to rest: {pushed}, {pulled}")
        self.judge.now(self.ledger)
        self.judge.at_rest(self.ledger, CLIENTS, self.records)
        self.the_hospital_takes_over_what_came_in()
        self.judge.told(self.records)

    @invariant()
    def nothing_is_doubled_or_written_over(self):
        if self.ledger:
            self.judge.now(self.ledger)

    def teardown(self):
        try:
            if self.ledger:
                self.all_comes_to_rest()
        finally:
            if self.ledger:
                self.ledger.close()
                self.station.client.close()
            self._here.stop()
            logging.disable(logging.NOTSET)
            self.world.close()
            self._folder.cleanup()


TestExchange = Exchange.TestCase
TestExchange.settings = settings(often(50), stateful_step_count=20, phases=[Phase.generate, Phase.shrink])
