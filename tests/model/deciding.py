"""Rules by which people settle what is in dispute, and the local system takes over what came in."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.model.base import Base, booleans, scalars
from tests.model.judge import Said
from tests.model.town import PLACES, edited, word_in, words
from tests.world import but

from fhircase.errors import InvalidInput
from fhircase.ledger import Outcome
from fhircase.worker.decide import settle
from fhircase.worker.feed import Feed


class Deciding(Base):
    """What people and machines make of what came in."""

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
        text = self.word("hospital")
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

    @rule(disputed=booleans)
    @precondition(lambda self: not self.hospital.unsaid)
    def the_hospital_takes_over_what_came_in(self, disputed):
        self.takes_over(disputed=disputed)

    def takes_over(self, *, disputed=False):
        """All of it, or all but where a person has yet to decide: there it goes on saying what it said."""
        feed = Feed(self.ledger, self.hospital.now)
        opened = [] if disputed else self.ledger.conflicts()
        for offer in list(feed.changes()):
            record, key = offer.record, offer.change.key
            whose = key.kind, int(key.value.partition("-")[2])
            self.hears(record)
            waiting = [each for each in opened if each.key == key]
            self.hospital.records[whose] = _but_for(waiting, record, self.hospital.records[whose])
            feed.ack(offer.cursor)

    @rule(place=scalars)
    def a_dispute_is_told_and_the_next_export_says_nothing_of_it(self, place):
        self.edits(place, 0)
        self.answers(place)
        self.pushes(self.hospital.export())
        self.hospital.pull()
        if not self.hospital.unsaid:
            self.takes_over()
        self.edits(next(each for each in PLACES if each.kind == place.kind and each is not place), 0)
        self.pushes(self.hospital.export())


def _but_for(waiting, record, mine):
    """The record with what the hospital says where something is in dispute."""
    for each in waiting:
        place = next((p for p in PLACES if p.kind == each.key.kind and each.path.endswith(p.path)), None)
        if place is None:
            record = but(record, status=mine.status)
        elif words(place, mine):
            record = edited(place, record, words(place, mine))
    return record
