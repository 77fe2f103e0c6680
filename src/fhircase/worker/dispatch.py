"""Batches under way: as many at once as the server is to be asked, each settled as its answer comes.

All that touches the ledger is done here, in one thread; the threads of the pool only wait for the wire.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fhircase.errors import ServerError
from fhircase.exchange.schedule import Piece, Schedule
from fhircase.ledger import Claim
from fhircase.worker.pool import Pool
from fhircase.worker.prepare import Ready
from fhircase.worker.send import Job, Sender
from fhircase.worker.size import Size
from fhircase.worker.station import LEASE, Question, Station
from fhircase.worker.transact import Answer, transact

RENEWED = timedelta(minutes=1)
"""How often leases are renewed of what waits or is under way."""

TICK = 1.0
"""Seconds to wait for an answer before looking after the leases again."""


@dataclass(slots=True, eq=False)
class _Asked:
    """A question, and what came of it."""

    question: Question
    answer: Any = None


class Dispatch:
    """Sends what it is given, in parallel where nothing stands against it."""

    def __init__(self, station: Station, sender: Sender, settled: Callable[[Sequence[Ready]], None]) -> None:
        self._station = station
        self._sender = sender
        self._settled = settled
        self._schedule: Schedule[Ready] = Schedule()
        self._pool: Pool[Job | _Asked, Any] = Pool(station.connect, station.to.parallel)
        self._size = Size(station)
        self._renewed = station.now()
        self._waiting = 0
        """How many questions are waited for, each while another one is."""
        self._ending = False

    def add(self, pieces: Sequence[Piece[Ready]]) -> None:
        """Take more to send, what is referred to first."""
        self._schedule.add(pieces)

    def poll(self) -> None:
        """Settle what has come back and send what can go, without waiting."""
        while turn := self._pool.take(0):
            self._back(*turn)
        self._fill()

    def run(self, leave: int = 0) -> None:
        """Send until so few entries are left to be given out; with 0, until all is settled."""
        self._fill()
        while self._pool.busy and (not leave or self._schedule.entries > leave):
            self._taken()
            self._fill()

    def ask(self, questions: Sequence[Question]) -> list[Any]:
        """Put questions to the server as soon as a thread is free, and settle meanwhile what comes back.

        Raises:
            ServerError: one of them could not be asked.
        """
        todo = [_Asked(question) for question in questions]
        self._waiting += 1
        try:
            self._answer(todo)
        finally:
            self._waiting -= 1
        for each in todo:
            if isinstance(each.answer, ServerError):
                raise each.answer
        return [each.answer for each in todo]

    def _answer(self, todo: Sequence[_Asked]) -> None:
        for each in todo:
            while not self._free:
                self._taken()
            self._pool.submit(each, each.question)
        while any(each.answer is None for each in todo):
            self._fill()
            self._taken()

    def _taken(self) -> None:
        """Wait a little for one answer, of whatever kind."""
        if turn := self._pool.take(TICK):
            self._back(*turn)
        self._renew()

    def _back(self, job: Job | _Asked, outcome: Any) -> None:
        if isinstance(outcome, Answer):
            # The server need not wait while we take in what it said; what follows from a failure is seen first.
            self._fill()
        self._finish(job, outcome)

    def drain(self) -> None:
        """Give out nothing more, and settle what is under way as it comes back."""
        self._ending = True
        self._pool.halt()
        self._put_off()
        while self._pool.busy:
            self._taken()
            self._put_off()

    def close(self) -> None:
        """Let go of the threads, and remember what was learned."""
        self._size.keep()
        self._station.circuit.keep(self._station.ledger)
        self._pool.close()

    @property
    def idle(self) -> bool:
        """Whether everything is settled."""
        return not self._schedule.unfinished

    @property
    def backlog(self) -> int:
        """How many entries should wait, so that no thread has to."""
        return self._size.limits.entries * self._station.to.parallel

    def _fill(self) -> None:
        while self._may and (taken := self._schedule.take(self._size.limits)):
            self._start(taken)
        if self._sender.tally.stopped:
            self._put_off()

    @property
    def _may(self) -> bool:
        """Whether one more may go out: while a server is on trial, one at a time."""
        # Whoever waits settles what comes back, and may have to ask and wait in turn: this has to have an end.
        deep = self._waiting > self._station.to.parallel
        return self._free and not (deep or self._ending or self._sender.tally.stopped)

    @property
    def _free(self) -> bool:
        return self._pool.free and not (self._station.circuit.trial and self._pool.busy)

    def _start(self, taken: list[Piece[Ready]]) -> None:
        lost = self._lost([one.claim for piece in taken for one in piece.items])
        if lost:
            # Somebody else looks after these now.
            kept = [one for piece in taken for one in piece.items if one.claim not in lost]
            self._schedule.done(taken, [self._sender.piece(kept, alone=True)] if kept else [])
            return
        batch = [one for piece in taken for one in piece.items]
        try:
            instead = self._sender.compared(batch, min(piece.rounds for piece in taken))
            if instead is not None:
                self._schedule.done(taken, instead)
                return
            job = self._sender.start(taken)
        except ServerError as error:
            self._schedule.done(taken, self._sender.failed(batch, error, 0, part=False))
            return
        how = self._station.can.delivery
        if job.entries:
            self._pool.submit(job, lambda client: transact(client, job.entries, how))
        else:
            self._finish(job, Answer())

    def _finish(self, job: Job | _Asked, outcome: Any) -> None:
        if isinstance(job, _Asked):
            job.answer = outcome
            return
        self._size.learn(job.pieces, outcome)
        self._station.circuit.keep(self._station.ledger)
        again = self._sender.finish(job, outcome)
        self._schedule.done(job.pieces, again)
        waiting = {one.key for piece in again for one in piece.items}
        self._settled([one for one in job.batch if one.key not in waiting])

    def _put_off(self) -> None:
        self._sender.put_off(one for piece in self._schedule.clear() for one in piece.items)

    def _lost(self, claims: list[Claim]) -> list[Claim]:
        """Renew claims; those that are no longer ours are returned."""
        ledger, now = self._station.ledger, self._station.now()
        if ledger.renew(claims, lease=LEASE, now=now) == len(claims):
            return []
        return [claim for claim in claims if not ledger.renew([claim], lease=LEASE, now=now)]

    def _renew(self) -> None:
        now: datetime = self._station.now()
        if now - self._renewed < RENEWED:
            return
        self._renewed = now
        claims = [one.claim for piece in self._schedule.unfinished for one in piece.items]
        self._station.ledger.renew(claims, lease=LEASE, now=now)
