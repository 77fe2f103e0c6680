"""What a server did not take: split until the bad record stands alone, looked at again, put off, or refused."""

from collections.abc import Sequence
from dataclasses import replace

from fhircase.errors import (
    Broken,
    CircuitOpen,
    Conflict,
    ForeignHost,
    NotFHIR,
    NotFound,
    Problem,
    Rejected,
    ResourceRefused,
    ServerError,
    Throttled,
    UnknownOutcome,
    Unreachable,
)
from fhircase.exchange.order import halves
from fhircase.exchange.pull import unchanged
from fhircase.exchange.push import Part, writes
from fhircase.exchange.schedule import Piece
from fhircase.fhir.bundle import EntryResult
from fhircase.ledger import Verdict
from fhircase.rest.transaction import failure
from fhircase.worker.absorb import base_of, gather, of_rows, take
from fhircase.worker.accept import Accepting
from fhircase.worker.apart import NOT_SENT
from fhircase.worker.fetch import Found, fetch
from fhircase.worker.prepare import Ready, deleted, look_up, ready
from fhircase.worker.settle import plain
from fhircase.worker.size import too_large
from fhircase.worker.station import Station
from fhircase.worker.unread import keep

ROUNDS = 3
"""How often to look again when others write in between, before leaving it for later."""

FAILURES = 5
"""Times in a row that a server may fail before a push gives up."""

Pieces = list[Piece[Ready]]


class Declining(Accepting):
    """Decides what is to be sent again of what a server did not take, and settles the rest."""

    def piece(self, items: Sequence[Ready], rounds: int = ROUNDS, *, alone: bool = False) -> Piece[Ready]:
        """Records to be sent together."""
        return Piece(
            tuple(items),
            frozenset(one.key for one in items),
            frozenset(link for one in items for link in one.links),
            frozenset(lock for one in items for part in one.parts for lock in writes(part, self.absent)),
            sum(one.size for one in items),
            sum(one.bytes for one in items),
            alone,
            rounds,
        )

    def failed(self, batch: Sequence[Ready], error: ServerError, rounds: int, *, part: bool) -> Pieces:
        """Decide about records that were not taken; `part` says that they are what was left of a larger bundle."""
        if isinstance(error, Unreachable | Throttled | NotFHIR | ForeignHost) or error.status in (401, 407, 503):
            self.tally.stopped = self.tally.stopped or str(error)
            self.later(
                batch,
                str(error),
                code=type(error).__name__.lower(),
                after=error.after,
                unsure=isinstance(error, NotFHIR),
                counts=not isinstance(error, Throttled | CircuitOpen),
            )
            return []
        if isinstance(error, UnknownOutcome | Broken):
            return self._trouble(batch, error, part=part)
        if isinstance(error, Rejected):
            return self._rejected(batch, error, rounds)
        raise error

    def failed_partly(self, one: Ready, results: Sequence[EntryResult], rounds: int) -> Pieces:
        """Decide about a record of which some resources were not taken and others may have been."""
        errors = [error for result in results if (error := failure(result))]
        made = any(result.ok for result in results)
        passing = next((error for error in errors if error.status in (429, 503)), None)
        doubtful = next((error for error in errors if not error.status or error.status >= 500), None)
        raced = next((error for error in errors if isinstance(error, Conflict | NotFound)), None)
        refused = next((error for error in errors if error.status != NOT_SENT), None)
        if passing or doubtful or not refused:
            error = passing or doubtful or errors[0]
            unsure = made or not passing
            self.later([one], str(error), code=type(error).__name__.lower(), unsure=unsure, problems=error.issues)
        elif raced and rounds > 0:
            return self._rejected([one], raced, rounds)
        else:
            reason, problems = str(refused), plain(refused.issues)
            verdict = Verdict.refused(reason, code=f"http-{refused.status}", problems=problems)
            self.settle(one.claim, replace(verdict, unsure=made))
        return []

    def _trouble(self, batch: Sequence[Ready], error: ServerError, *, part: bool) -> Pieces:
        """The server failed, or nobody knows: others may fare better, but not for ever."""
        # On the way to the bad record one failure follows the other, and says nothing about the server.
        self.tally.failures += not part or len(batch) == 1
        unsure = isinstance(error, UnknownOutcome) or error.status not in (500, 501)
        if self.tally.failures >= FAILURES:
            self.tally.stopped = self.tally.stopped or str(error)
            self.station.circuit.failed(error)
        if not unsure and len(batch) > 1 and not self.tally.stopped:
            return self.split(batch, ROUNDS)
        code = type(error).__name__.lower()
        self.later(batch, str(error), code=code, after=error.after, unsure=unsure, problems=error.issues)
        return []

    def _rejected(self, batch: Sequence[Ready], error: Rejected, rounds: int) -> Pieces:
        updates = any(part.changed and not part.new for one in batch for part in one.parts)
        raced = isinstance(error, Conflict | NotFound) or (error.status == 400 and updates)
        if raced and rounds > 0:
            try:
                again, moved = self._look_again(self.asking, batch)
            except ServerError as failure:
                return self.failed(batch, failure, 0, part=True)
            if moved:
                return [self.piece(again, rounds - 1, alone=True)] if again else []
        if len(batch) > 1:
            return self.split(batch, rounds)
        if too_large(error):
            self._refuse_large(batch[0], error)
        elif isinstance(error, Conflict):
            self.later(batch, str(error), code="conflict", problems=error.issues)
        else:
            verdict = Verdict.refused(str(error), code=f"http-{error.status}", problems=plain(error.issues))
            self.settle(batch[0].claim, verdict)
        return []

    def _refuse_large(self, one: Ready, error: Rejected) -> None:
        hint = "raise the server's limit for a request, or make the record smaller"
        what = f"about {one.bytes:,} bytes in {one.size} resources, which is more than the server takes in one request"
        problem = Problem(what, rule="a record goes as a whole", hint=hint)
        problems = (problem, *plain(error.issues))
        self.settle(one.claim, Verdict.refused(f"{what}; {hint}", code="too-large", problems=problems))

    def compared(self, batch: Sequence[Ready], rounds: int) -> Pieces | None:
        """Compare updates with the server's copies first, where it heeds no precondition; nothing if they may go.

        Raises:
            ServerError: the server could not be asked.
        """
        if self.station.can.preconditions or not any(part.changed and not part.new for o in batch for part in o.parts):
            return None
        self.tally.compared = True
        # Nothing else goes on meanwhile: what was compared goes out at once.
        again, moved = self._look_again(self.station, batch)
        if not moved:
            return None
        if rounds <= 0:
            self.later(again, "others write to it all the time", code="conflict")
            return []
        return [self.piece(again, rounds - 1, alone=True)] if again else []

    def split(self, batch: Sequence[Ready], rounds: int) -> Pieces:
        """Cut in two what is to be sent again."""
        by_key = {one.key: one for one in batch}
        parts = halves(list(by_key), {key: one.links for key, one in by_key.items()})
        return [self.piece([by_key[key] for key in part], rounds, alone=True) for part in parts]

    def _look_again(self, station: Station, batch: Sequence[Ready]) -> tuple[list[Ready], bool]:
        """Read what may have changed and merge it in; the second value says whether anything had."""
        references = [part.reference for one in batch for part in one.parts if not part.new and not part.linked]
        found, gone = fetch(station, references)
        again, moved = [], False
        made, bad = look_up(station, [one for one in batch if any(p.new and not p.linked for p in one.parts)])
        for one in batch:
            lost = [part for part in one.parts if part.reference in gone]
            newer = [part for part in one.parts if _newer(part, found)]
            if lost or one.key in bad:
                moved = True
                self.refuse(one.claim, bad.get(one.key) or deleted(lost))
            elif newer:
                moved = True
                again += self._merged(station, one, found)
            else:
                adopted = made.get(one.key, one)
                moved |= adopted is not one
                again.append(adopted)
        return again, moved

    def _merged(self, station: Station, one: Ready, found: dict[str, Found]) -> list[Ready]:
        """The record with the server's changes in it; nothing, if it cannot go on."""
        rows = station.ledger.resources(station.server, [one.key]).get(one.key, ())
        have = {**of_rows(rows), **{row.reference: found[row.reference] for row in rows if row.reference in found}}
        every, _ = gather(station, one.key.kind, have)
        try:
            taken = take(station, one.key, every.values(), base_of(station, one.key, rows))
        except ResourceRefused as error:
            keep(station, one.key, every.values(), error.problems)
            self.refuse(one.claim, error)
            return []
        self.passed_over(one.key, taken)
        return [ready(station, one.claim, taken.record)]


def _newer(part: Part, found: dict[str, Found]) -> bool:
    # Not by ETag: one server writes the same version in two ways, in a transaction's answer and in a read.
    there = found.get(part.reference)
    return there is not None and not unchanged(part.before, there.resource)
