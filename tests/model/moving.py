"""Rules by which records move: pushes and pulls that may fail or die, time, late requests, and how it all ends."""

from hypothesis import strategies as st
from hypothesis.stateful import rule
from tests.model.base import MOST, booleans
from tests.model.deciding import Deciding
from tests.model.wire import FAULTS
from tests.world import lines

from fhircase.ledger import State
from fhircase.worker.pull import pull
from fhircase.worker.push import push
from fhircase.worker.told import told

ROUNDS = 12

WORDS = ("keep", "keep_resources", "announce", "settle", "wish", "release", "pulled", "move_cursor", "keep_conflict")
"""What is said to the ledger when something has come to be: before each of these a process may end."""

mishaps = st.lists(st.sampled_from(["", "", *FAULTS]), max_size=5)
spoilt = st.lists(st.sampled_from(["", *FAULTS]), max_size=2)
fuses = st.none() | st.tuples(st.just(""), st.integers(0, 100)) | st.tuples(st.sampled_from(WORDS), st.integers(0, 3))


class Moving(Deciding):
    """The exchange."""

    @rule(faults=mishaps, fuse=fuses, at_writes=spoilt)
    def push(self, faults, fuse, at_writes):
        self.pushes(self.hospital.export(), faults, fuse, at_writes)

    @rule(data=st.data(), new=booleans)
    def push_some(self, data, new):
        """An export of some records; what they name may not be there yet."""
        if new and len(self.clients) < MOST:
            self.takes_on()
        every = self.hospital.export()
        some = data.draw(st.sets(st.sampled_from(sorted(every)), min_size=1))
        self.pushes({key: every[key] for key in sorted(some)})

    @rule(faults=mishaps, fuse=fuses)
    def pull(self, faults, fuse):
        self.hospital.pull(self.possible(faults), fuse)

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
            records = self.exports()
            pushed = push(station, lines(records.values()))
            pulled = pull(station)
            told(station, pulled)
            for _, record in pulled.changes:
                self.hears(record)
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
        self.takes_over()
        self.judge.told(self.hospital.records, self.ledger.conflicts())

    def teardown(self):
        try:
            if self.hospital:
                self.all_comes_to_rest()
        finally:
            super().teardown()
