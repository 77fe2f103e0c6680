"""Rules in which somebody else is at work at the same moment."""

from hypothesis.stateful import rule
from tests.model.base import Base, booleans, places


class Racing(Base):
    """The agency, or another process of the hospital's, while a push is under way."""

    @rule(ours=places, theirs=places)
    def an_export_is_made_before_the_last_pull(self, ours, theirs):
        self.answers(theirs)
        self.edits(ours, 0)
        self.hospital.pull()
        self.pushes(self.hospital.export())

    @rule(ours=places, theirs=places, again=booleans)
    def the_agency_is_faster(self, ours, theirs, again):
        self.edits(ours, 0)

        def edit():
            self.answers(theirs)
            if again:
                self.wire.before = lambda: self.answers(theirs)

        self.wire.before = edit
        self.pushes(self.hospital.export())

    @rule(first=places, second=places, lapses=booleans, dies=booleans)
    def another_process_pushes_meanwhile(self, first, second, lapses, dies):
        self.edits(first, 0)

        def beside():
            if lapses:
                self.hospital.wait(6)
            self.edits(second, 0)
            records = self.exports()
            self.hospital.beside(records, dies=dies)
            self.judge.take(records)

        self.wire.after = beside
        self.pushes(self.hospital.export())
