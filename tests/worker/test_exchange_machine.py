"""Ledger and exchange against a model server, in any order of edits, faults and deaths that Hypothesis thinks of.

`scripts/faults.py` shows what it notices.
"""

import logging
import os
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.model.hospital import Hospital
from tests.model.judge import Judge, Said
from tests.model.mortal import Here
from tests.model.server import ModelServer
from tests.model.town import PLACES, STEPS, Agency, edited, word_in, words
from tests.model.wire import FAULTS
from tests.often import often
from tests.world import World, but, lines

from fhircase.errors import InvalidInput
from fhircase.exchange.links import key_of
from fhircase.ledger import Conflict, Outcome, State
from fhircase.worker import dispatch
from fhircase.worker.decide import settle
from fhircase.worker.feed import Feed
from fhircase.worker.pull import pull
from fhircase.worker.push import push
from fhircase.worker.texts import record_of
from fhircase.worker.told import told

ROUNDS = 12
UNSEARCHABLE = ("Goal", "CareTeam")
"""What SEKMET cannot search, for one; there nothing can tell a late request's second goal from the first."""

places = st.sampled_from(PLACES)
scalars = st.sampled_from([place for place in PLACES if not place.listed])
mishaps = st.lists(st.sampled_from(["", "", *FAULTS]), max_size=5)
fuses = st.none() | st.integers(0, 100)
batches = st.sampled_from([50, 50, 3, 1])
statuses = st.sampled_from(sorted(STEPS))
lost_ones = st.sampled_from(["lost", "gateway", "garbled", "late", "killed after", "killed before", "500", "412"])


class Exchange(RuleBasedStateMachine):
    """A hospital that pushes and pulls, an agency that writes there too, and all that goes wrong between them."""

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
        self.hospital: Hospital | None = None

    @initialize(
        full=st.booleans(), entries=batches, more=st.sampled_from([False, False, False, True]), new=st.booleans()
    )
    def town(self, full, entries, more, new):
        self.full, self.clients = full, (0, 1) if more else (0,)
        self.server = ModelServer(self.world.url, () if full else UNSEARCHABLE)
        self.agency = Agency(self.server, self.world)
        self.judge = Judge(self.server, self.agency)
        for number in self.clients:
            patient = {"resourceType": "Patient", "identifier": [self.world.token("mrn", f"M{number}")]}
            self.server._write("town", f"Patient/{number}", patient)
        organization = {"resourceType": "Organization", "identifier": [self.world.token("org", "AG")]}
        self.server._write("town", "Organization/AG", organization)
        self.hospital = Hospital(self.world, self.server, self.clients, entries)
        if not new:
            self._push(self.hospital.export())

    @property
    def ledger(self):
        return self.hospital.process.ledger

    def _word(self, who):
        self._words += 1
        return f"{who} {self._words}"

    # -- what both sides say ------------------------------------------------------------------------

    @rule(place=places, client=st.integers(0, 1))
    def the_hospital_edits(self, place, client):
        self._hospital_edits(place, client % len(self.clients))

    def _hospital_edits(self, place, client):
        text, record = self._word("hospital"), self.hospital.records[place.kind, client]
        read = set() if place.listed else {words(place, record), *self._disputed(place, record)}
        before = [each for each in self.judge.said if (each.place, each.client) == (place, client)]
        read = read.union(*(each.read for each in before[-1:]), (each.text for each in before[-1:]))
        self.judge.said.append(Said(place, client, text, read))
        self.hospital.records[place.kind, client] = edited(place, record, text)
        self.hospital.unsaid.add((place.kind, client))

    def _disputed(self, place, record):
        """What the server says where it is in dispute, as far as the hospital has been told of it."""
        key = key_of(record)
        if any(each.path.endswith(place.path) for each in self.ledger.conflicts("ehr", [key])):
            yield from {words(place, record_of(self.ledger.records([key])[key].current))} & self.heard

    @rule(place=places, client=st.integers(0, 1))
    def the_agency_edits(self, place, client):
        self.agency.edit(place, client % len(self.clients), self._word("agency"))

    @rule(place=scalars)
    def both_edit_the_same(self, place):
        self._hospital_edits(place, 0)
        self.agency.edit(place, 0, self._word("agency"))

    @rule(place=st.sampled_from([place for place in PLACES if place.listed]))
    def both_add_to_a_list(self, place):
        self.both_edit_the_same(place)

    @rule(status=statuses)
    def the_hospital_puts_a_status(self, status):
        record = self.hospital.records["care-plan", 0]
        if STEPS[status] >= STEPS[str(record.status)]:
            self.hospital.records["care-plan", 0] = but(record, status=status)
            self.hospital.unsaid.add(("care-plan", 0))

    @rule(status=statuses)
    def the_agency_puts_a_status_however_late(self, status):
        self.agency.put_status(0, status)

    @rule()
    def the_agency_takes_a_step(self):
        self.agency.advance(0)

    @rule(place=st.sampled_from([PLACES[0], PLACES[4]]))
    @precondition(lambda self: len(self.clients) > 1 and not self.judge.deleted)
    def the_agency_deletes(self, place):
        # Of one client only, or there were soon nothing to write about.
        if self.agency.delete(place, 1):
            self.judge.deleted.add((place.kind, 1))

    # -- what people and machines make of it --------------------------------------------------------

    @rule()
    @precondition(lambda self: self.ledger.conflicts())
    def a_person_looks(self):
        self.shown |= {each.id: each for each in self.ledger.conflicts() if each.path != "status"}

    @rule(decision=st.sampled_from(["ours", "theirs", "edited"]), data=st.data())
    @precondition(lambda self: self.shown)
    def a_person_settles_what_was_shown(self, decision, data):
        conflict = self.shown.pop(data.draw(st.sampled_from(sorted(self.shown))))
        place = next(each for each in PLACES if each.kind == conflict.key.kind and conflict.path.endswith(each.path))
        client = int(conflict.key.value.partition("-")[2])
        theirs, ours = word_in(conflict.theirs), word_in(conflict.ours)
        text = self._word("hospital")
        new = {"text": text} if place.name == "reason" else text
        said, now = new if decision == "edited" else None, self.hospital.now()
        try:
            settle(self.ledger, conflict.id, Outcome(decision), said, now=now)
        except InvalidInput:
            assert self.ledger.conflict(conflict.id).outcome is not None, "it could be settled"
            return
        if decision == "edited":
            self.judge.said.append(Said(place, client, text, {theirs, ours}))
        for each in self.judge.said:
            if each.text == ours:
                each.read.add(theirs)
        if decision != "ours":
            self.judge.given_up.add(ours)

    @rule()
    @precondition(lambda self: not self.hospital.unsaid)
    def the_hospital_takes_over_what_came_in(self):
        feed = Feed(self.ledger, self.hospital.now)
        disputed = {each.key for each in self.ledger.conflicts()}
        for offer in list(feed.changes()):
            record = offer.record
            self._hears(record)
            # Who takes over the partner's word where a person has yet to decide for something else says it as his own.
            if offer.change.key not in disputed:
                self.hospital.records[record.key.kind, int(record.key.value.partition("-")[2])] = record
            feed.ack(offer.cursor)

    def _hears(self, record):
        for place in PLACES:
            if place.kind == record.key.kind and not place.listed:
                self.heard.add(words(place, record))

    # -- the exchange -------------------------------------------------------------------------------

    @rule(faults=mishaps, fuse=fuses, some=st.sampled_from([None, None, 2]))
    def push(self, faults, fuse, some):
        self._push(self.hospital.export(some), faults, fuse)

    @rule(faults=mishaps, fuse=fuses)
    def pull(self, faults, fuse):
        self.hospital.pull(self._faults(faults), fuse)

    def _push(self, records, faults=(), fuse=None):
        self._gives(records)
        if self.hospital.push(records, self._faults(faults), fuse):
            self.judge.take(records)
            self.hospital.unsaid -= records.keys()

    def _export(self):
        records = self.hospital.export()
        self._gives(records)
        return records

    def _gives(self, records):
        self.judge.says(records.values())
        for place in PLACES:
            for client in self.clients:
                record = records.get((place.kind, client))
                # What is said anew where there is a dispute decides it, if the hospital was told what it is about.
                if record and not place.listed:
                    for each in self.judge.said:
                        if each.text == words(place, record):
                            each.read.update(self._disputed(place, record))

    def _faults(self, faults):
        # A request that arrives late makes a second goal where nobody can look for the first, which no client can help.
        return [fault for fault in faults if self.full or fault != "late"]

    @rule(ours=places, theirs=places)
    def an_export_is_made_before_the_last_pull(self, ours, theirs):
        self.agency.edit(theirs, 0, self._word("agency"))
        self._hospital_edits(ours, 0)
        self.hospital.pull()
        self._push(self.hospital.export())

    @rule(ours=places, theirs=places, fault=lost_ones, before=st.integers(0, 3))
    def a_push_fails_and_the_agency_goes_on(self, ours, theirs, fault, before):
        self._hospital_edits(ours, 0)
        self._push(self.hospital.export(), [*[""] * before, fault])
        self.agency.edit(theirs, 0, self._word("agency"))
        self.hospital.pull()

    @rule(ours=places, theirs=places, again=st.booleans())
    def the_agency_is_faster(self, ours, theirs, again):
        self._hospital_edits(ours, 0)

        def edit():
            self.agency.edit(theirs, 0, self._word("agency"))
            if again:
                self.hospital.process.wire.before = lambda: self.agency.edit(theirs, 0, self._word("agency"))

        self.hospital.process.wire.before = edit
        self._push(self.hospital.export())

    @rule(first=places, second=places, lapses=st.booleans(), dies=st.booleans())
    def another_process_pushes_meanwhile(self, first, second, lapses, dies):
        self._hospital_edits(first, 0)

        def beside():
            if lapses:
                self.hospital.wait(6)
            self._hospital_edits(second, 0)
            records = self._export()
            self.hospital.beside(records, dies=dies)
            self.judge.take(records)

        self.hospital.process.wire.after = beside
        self._push(self.hospital.export())

    @rule(mine=places, kind=st.sampled_from(["late", "long ago"]), data=st.data())
    def a_change_is_hidden_behind_a_newer_one(self, mine, kind, data):
        """Either it is committed late, or the pull that found it died."""
        if kind == "late":
            self.agency.write_elsewhere(mine)
            self.hospital.pull()
            self.server.lag = timedelta(minutes=data.draw(st.sampled_from([0.1, 1, 4])))
            self.agency.edit(mine, 0, self._word("agency"))
            self.server.lag = timedelta(0)
        else:
            self.agency.edit(mine, 0, self._word("agency"))
            self.hospital.pull(fuse=data.draw(st.integers(0, 60)))
            self.hospital.wait(10)
            self.agency.write_elsewhere(mine)
        self.hospital.pull()

    @rule(fault=lost_ones, before=st.integers(0, 4))
    @precondition(lambda self: not self.judge.doubled)
    def somebody_makes_a_plan_a_second_time(self, fault, before):
        self._push(self.hospital.export(), self._faults([*[""] * before, fault]))
        if reference := self.agency.copy(PLACES[0], 0):
            self.judge.doubled[reference] = "care-plan", 0
            if not self.ledger.holders("ehr", [reference]):
                self.judge.unsure.add(("care-plan", 0))

    @rule(minutes=st.sampled_from([0.1, 1, 6, 60]))
    def time_passes(self, minutes):
        self.hospital.wait(minutes)

    @rule()
    def what_was_held_up_arrives(self):
        while self.hospital.late:
            self.hospital.late.pop(0)()

    @rule()
    def all_comes_to_rest(self):
        self.what_was_held_up_arrives()
        station = self.hospital.process.station
        for _ in range(ROUNDS):
            self.hospital.wait(60)
            records = self._export()
            pushed = push(station, lines(records.values()))
            pulled = pull(station)
            told(station, pulled)
            for _, record in pulled.changes:
                self._hears(record)
            self.judge.take(records)
            self.hospital.unsaid.clear()
            # A pull may owe the server something without any news: what a policy passed over is put right there.
            owed = self.ledger.in_state(State.OWED)
            if not (owed or pushed.sent or pushed.owed or pushed.stopped or pulled.changes or pulled.stopped):
                break
        else:
            raise AssertionError(f"it never comes to rest: {pushed}, {pulled}")
        self.judge.now(self.ledger)
        self.judge.at_rest(self.ledger, self.hospital.records)
        self.the_hospital_takes_over_what_came_in()
        self.judge.told(self.hospital.records, {each.key for each in self.ledger.conflicts()})

    @invariant()
    def nothing_is_doubled_lost_or_written_over(self):
        if self.hospital:
            self.judge.now(self.ledger)
            assert not self.hospital.process.wire.impatient, "the server was asked though it wants to be left in peace"

    def teardown(self):
        try:
            if self.hospital:
                self.all_comes_to_rest()
        finally:
            if self.hospital:
                self.hospital.process.close()
            self._here.stop()
            logging.disable(logging.NOTSET)
            self.world.close()
            self._folder.cleanup()


TestExchange = Exchange.TestCase
TestExchange.settings = settings(
    often(50),
    stateful_step_count=12,
    report_multiple_bugs=False,
    phases=[Phase.generate] if "FIRST_FAILURE" in os.environ else [Phase.generate, Phase.shrink],
)
