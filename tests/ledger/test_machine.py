"""Whatever is done to a ledger in whatever order, it agrees with a memory that is too simple to be wrong."""

import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from fhircase.ledger import RecordKey, State, Verdict, open_ledger

KEYS = [RecordKey("thing", "n", value) for value in "abc"]
SERVERS = ["north", "south"]
LEASE = timedelta(minutes=5)
WAIT = timedelta(minutes=3)
VERDICTS = ["accepted", "refused", "held", "later"]
LEFT = {
    "accepted": State.AGREED,
    "refused": State.REFUSED,
    "held": State.HELD,
    "later": State.OWED,
}


@dataclass
class Remembered:
    """One record at one server, told as a story instead of as a row."""

    state: State
    wish: int
    """The revision wished last."""
    carried: int = 0
    """The revision on its way, or the last one that was."""
    waits: datetime | None = None
    lease: datetime | None = None
    claim: object = None


class LedgerAgreesWithMemory(RuleBasedStateMachine):
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp()
        self.place = Path(self.folder) / "machine.ledger"
        self.book = open_ledger(self.place)
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.text: dict[RecordKey, bytes] = {}
        self.revision: dict[RecordKey, int] = {}
        self.memory: dict[tuple[str, RecordKey], Remembered] = {}

    def teardown(self) -> None:
        self.book.close()
        shutil.rmtree(self.folder)

    @rule(minutes=st.integers(1, 4))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def the_program_is_started_again(self) -> None:
        self.book.close()
        self.book = open_ledger(self.place)

    @rule(key=st.sampled_from(KEYS), text=st.sampled_from([b"1", b"2", b"3"]))
    def edit(self, key: RecordKey, text: bytes) -> None:
        if self.text.get(key) != text:
            self.revision[key] = self.revision.get(key, 0) + 1
            self.text[key] = text
        assert self.book.keep(key, text, now=self.now) == self.revision[key]

    @rule(server=st.sampled_from(SERVERS))
    def wish_everything(self, server: str) -> None:
        newer = sum(self._wish(server, key) for key in self.text)
        assert self.book.wish(server, self.text, now=self.now) == newer

    def _wish(self, server: str, key: RecordKey) -> bool:
        known = self.memory.get((server, key))
        if known is None:
            self.memory[server, key] = Remembered(State.OWED, self.revision[key])
            return True
        if self.revision[key] <= max(known.wish, known.carried):
            return False
        known.wish = self.revision[key]
        if known.state in {State.AGREED, State.REFUSED}:
            known.state, known.waits = State.OWED, None
        return True

    @rule(server=st.sampled_from(SERVERS), key=st.sampled_from(KEYS))
    def pull(self, server: str, key: RecordKey) -> None:
        if key not in self.text:
            return
        self.book.pulled(server, [key], now=self.now)
        revision = self.revision[key]
        known = self.memory.setdefault((server, key), Remembered(State.AGREED, revision, revision))
        known.wish = max(known.wish, revision)
        if known.state is State.AGREED:
            known.carried = known.wish
        elif known.state is State.REFUSED:
            known.state, known.waits = State.OWED, None

    @rule(target=claims, server=st.sampled_from(SERVERS), limit=st.integers(1, 3))
    def claim(self, server: str, limit: int):
        ready = {
            key
            for (at, key), known in self.memory.items()
            if at == server and known.state is State.OWED and (known.waits is None or known.waits <= self.now)
        }
        given = self.book.claim(server, owner="me", limit=limit, lease=LEASE, now=self.now)
        assert len(given) == min(limit, len(ready))
        for claim in given:
            assert claim.key in ready
            assert claim.record.current == self.text[claim.key]
            known = self.memory[server, claim.key]
            known.state, known.claim, known.lease = State.SENDING, claim, self.now + LEASE
            known.carried = self.revision[claim.key]
            known.wish, known.waits = max(known.wish, known.carried), None
        return multiple(*given)

    @rule(claim=claims, how=st.sampled_from(VERDICTS))
    def settle(self, claim, how: str) -> None:
        verdict = {
            "accepted": Verdict.accepted(),
            "refused": Verdict.refused("r"),
            "held": Verdict.held("h"),
            "later": Verdict.later(self.now + WAIT),
        }[how]
        known = self.memory[claim.server, claim.key]
        good = known.claim is claim
        assert self.book.settle(claim, verdict, now=self.now) == good
        if not good:
            return
        overtaken = known.wish > known.carried
        known.state = State.OWED if overtaken else LEFT[how]
        known.waits = self.now + WAIT if how == "later" else None
        known.claim = None

    @rule()
    def rescue(self) -> None:
        lost = [known for known in self.memory.values() if known.claim and known.lease <= self.now]
        for known in lost:
            known.state, known.claim, known.waits = State.OWED, None, None
        assert self.book.rescue(now=self.now) == len(lost)

    @rule(server=st.sampled_from(SERVERS), key=st.sampled_from(KEYS))
    def release(self, server: str, key: RecordKey) -> None:
        known = self.memory.get((server, key))
        free = known is not None and known.state not in {State.OWED, State.SENDING}
        assert self.book.release(server, [key], now=self.now) == free
        if free:
            known.state, known.waits = State.OWED, None

    @rule(server=st.sampled_from(SERVERS), key=st.sampled_from(KEYS))
    def hold(self, server: str, key: RecordKey) -> None:
        if key not in self.text:
            return
        known = self.memory.setdefault((server, key), Remembered(State.HELD, self.revision[key]))
        free = known.state is not State.SENDING
        assert self.book.park(server, key, Verdict.held("h"), now=self.now) == free
        if free:
            known.state, known.waits = State.HELD, None
            known.wish = max(known.wish, self.revision[key])

    @invariant()
    def every_record_stands_where_memory_has_it(self) -> None:
        for server in SERVERS:
            stands = {key: delivery.state for key, delivery in self.book.deliveries(server, KEYS).items()}
            assert stands == {key: known.state for (at, key), known in self.memory.items() if at == server}

    @invariant()
    def nothing_newer_than_what_was_agreed_is_forgotten(self) -> None:
        for server in SERVERS:
            for delivery in self.book.deliveries(server, KEYS).values():
                assert delivery.state is not State.AGREED or delivery.sent >= delivery.wanted


TestLedgerAgreesWithMemory = LedgerAgreesWithMemory.TestCase
TestLedgerAgreesWithMemory.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
