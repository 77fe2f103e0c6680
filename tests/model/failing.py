"""Rules in which something fails, and others go on before it is tried again."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.model.base import MOST, Base, booleans, places, scalars
from tests.model.town import PLACES

perhaps_done = ["lost", "gateway", "garbled", "late", "killed after"]
faults = st.sampled_from([*perhaps_done, "killed before", "500", "412", "412"])
deaths = st.tuples(st.sampled_from(["keep", "keep_resources", "announce", "pulled", "move_cursor"]), st.integers(0, 1))


class Failing(Base):
    """What fails, dies, or comes late."""

    @rule(ours=places, theirs=st.none() | places, fault=faults, times=st.integers(1, 6), pulls=booleans)
    def a_write_fails_and_the_agency_goes_on(self, ours, theirs, fault, times, pulls):
        self.edits(ours, 0)
        self.pushes(self.hospital.export(), at_writes=[fault] * times)
        if theirs:
            self.answers(theirs)
        if pulls:
            self.hospital.pull()

    @rule(fault=st.sampled_from(perhaps_done), theirs=st.none() | scalars, copied=booleans)
    @precondition(lambda self: len(self.clients) < MOST)
    def what_is_new_may_be_there_already(self, fault, theirs, copied):
        client = self.takes_on()
        self.pushes(self.hospital.export(), at_writes=[fault])
        if theirs:
            self.answers(theirs, client)
        if copied and not self.judge.doubled:
            self._copied(client)
        self.hospital.wait(1)
        self.pushes(self.hospital.export())
        while self.hospital.late:
            self.hospital.late.pop(0)()

    @rule(fault=faults, before=st.integers(0, 4))
    @precondition(lambda self: not self.judge.doubled)
    def somebody_makes_a_plan_a_second_time(self, fault, before):
        self.pushes(self.hospital.export(), [*[""] * before, fault])
        self._copied(0)

    def _copied(self, client):
        if reference := self.agency.copy(PLACES[0], client):
            self.judge.doubled[reference] = "care-plan", client
            if not self.ledger.holders("ehr", [reference]):
                self.judge.unsure.add(("care-plan", client))

    @rule(place=places, lag=st.sampled_from([0.1, 1, 4]))
    def a_change_is_committed_late(self, place, lag):
        self.agency.write_elsewhere(place)
        self.hospital.pull()
        self.server.lag = timedelta(minutes=lag)
        self.answers(place)
        self.server.lag = timedelta(0)
        self.hospital.pull()

    @rule(place=places, hidden=booleans, fuse=deaths)
    def a_pull_dies_of_what_it_found(self, place, hidden, fuse):
        self.answers(place)
        if hidden:
            self.hospital.wait(10)
            self.agency.write_elsewhere(place)
        self.hospital.pull(fuse=fuse)
        self.hospital.pull()
