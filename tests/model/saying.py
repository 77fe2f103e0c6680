"""Rules by which both sides write: at the same place or elsewhere, how things stand, and what is taken away."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.model.base import Base, numbers, places
from tests.model.town import PLACES, STEPS
from tests.world import but

statuses = st.sampled_from(sorted(STEPS))
deletable = st.sampled_from([PLACES[0], PLACES[4]])


class Saying(Base):
    """What both sides say."""

    @rule(place=places, number=numbers)
    def the_hospital_edits(self, place, number):
        self.edits(place, self.client(number))

    @rule(place=places, number=numbers)
    def the_agency_edits(self, place, number):
        self.answers(place, self.client(number))

    @rule(place=places)
    def both_edit_the_same(self, place):
        self.edits(place, 0)
        self.answers(place)

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

    @rule(place=deletable, mine=places, number=numbers)
    @precondition(lambda self: len(self.clients) > 1 and not self.judge.deleted)
    def the_agency_deletes_what_the_hospital_goes_on_with(self, place, mine, number):
        # Of one client only, or there were soon nothing to write about.
        client = self.clients[1:][number % (len(self.clients) - 1)]
        if self.agency.delete(place, client):
            self.judge.deleted.add((place.kind, client))
            for _ in range(number):
                self.edits(mine, client)
                self.pushes(self.hospital.export())
