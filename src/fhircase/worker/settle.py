"""What became of each record that was to be sent, told to the ledger: nothing that was claimed stays without a word."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from fhircase.errors import InvalidInput, Problem, ServerError
from fhircase.exchange.people import Held
from fhircase.ledger import Cause, Claim, RecordKey, Resource, Verdict
from fhircase.worker.absorb import Taken
from fhircase.worker.log import Level, say
from fhircase.worker.prepare import Deleted, Doubled, Ready
from fhircase.worker.report import Standing, overruled
from fhircase.worker.station import Station
from fhircase.worker.unread import hold, lacks_rows

FIRST, LONGEST = timedelta(seconds=1), timedelta(minutes=10)
"""Back-off after a failed attempt, doubled each time."""


@dataclass(slots=True)
class Tally:
    """What was done so far."""

    sent: set[RecordKey] = field(default_factory=set)
    created: int = 0
    updated: int = 0
    failures: int = 0
    stopped: str = ""
    unguarded: dict[RecordKey, set[tuple[str, str]]] = field(default_factory=dict)
    """What was created with nothing to keep it from being there twice, by type and identifier."""
    compared: bool = False
    """Whether updates went to a server that heeds no precondition."""
    remarks: list[Standing] = field(default_factory=list)


class Settler:
    """Settles claims."""

    def __init__(self, station: Station, tally: Tally) -> None:
        self.station = station
        self.tally = tally

    def settle(self, claim: Claim, verdict: Verdict, resources: Iterable[Resource] = ()) -> None:
        """Say what became of a claim, and what the server holds of it."""
        self.station.ledger.settle(claim, verdict, now=self.station.now(), resources=resources)
        told(claim, verdict)

    def refuse(self, claim: Claim, error: InvalidInput) -> None:
        """The record cannot be sent as it is."""
        if lacks_rows(error.problems):
            self.settle(claim, hold(error.problems))
            return
        code = "deleted" if isinstance(error, Deleted) else "doubled" if isinstance(error, Doubled) else "invalid"
        verdict = Verdict.refused(str(error.problems[0]), code=code, problems=error.problems)
        # What was deleted is asked for before the record is sent again: what is left of it may be as it was agreed.
        self.settle(claim, replace(verdict, unsure=code == "deleted"))

    def passed_over(self, key: RecordKey, taken: Taken) -> None:
        """Tell what a policy did not let come to be."""
        if taken.overruled:
            self.tally.remarks.append(overruled(key, taken.overruled))

    def hold(self, claim: Claim, why: Held) -> None:
        """Somebody must act first."""
        self.settle(claim, Verdict.held(why.reason, code=why.code))

    def stop(self, claims: Iterable[Claim], error: ServerError) -> None:
        """The server cannot even be asked: everything stays owed."""
        self.tally.stopped = str(error)
        for claim in claims:
            self.settle(claim, self.verdict(claim, str(error), type(error).__name__.lower(), error.after))

    def put_off(self, batch: Iterable[Ready]) -> None:
        """Leave records for the next push, at no cost to them."""
        for one in batch:
            self.settle(
                one.claim,
                Verdict.later(
                    self.station.now(),
                    "the push ended before its turn",
                    code="waiting",
                    counts=False,
                    unsure=one.claim.unsure,
                ),
            )

    def later(
        self,
        batch: Iterable[Ready],
        reason: str,
        *,
        code: str,
        after: float | None = None,
        unsure: bool = False,
        counts: bool = True,
        problems: Sequence[Problem] = (),
    ) -> None:
        """Try these again, after a pause that grows with every attempt."""
        for one in batch:
            self.settle(
                one.claim,
                self.verdict(one.claim, reason, code, after, unsure=unsure, counts=counts, problems=tuple(problems)),
            )

    def verdict(
        self,
        claim: Claim,
        reason: str,
        code: str,
        after: float | None,
        *,
        unsure: bool = False,
        counts: bool = True,
        problems: tuple[Problem, ...] = (),
    ) -> Verdict:
        """The verdict that puts a record off."""
        pause = min(LONGEST, FIRST * 2 ** min(claim.attempts - 1, 12))
        if self.tally.stopped:
            # Nothing is tried again in this push, and when the next one is somebody else decides.
            pause = timedelta(0)
        if after is not None:
            pause = max(pause, timedelta(seconds=after))
        return Verdict.later(
            self.station.now() + pause,
            reason,
            code=code,
            unsure=unsure or claim.unsure,
            counts=counts,
            problems=plain(problems),
        )


def told(claim: Claim, verdict: Verdict) -> None:
    """Log what became of a claim."""
    level: Level = "info" if verdict.cause in (Cause.ACCEPTED, Cause.PUT_OFF) else "warning"
    say("settled", level, server=claim.server, record=claim.key, state=verdict.cause.name.lower(), code=verdict.code)


def plain(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems without a server's own words, which may quote a person's data."""
    return tuple(Problem(each.what, each.path, each.rule, each.hint, each.source) for each in problems)
