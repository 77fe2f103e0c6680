"""The size of bundles for one server, as its answers teach it; the next push starts where this one ended."""

from collections.abc import Sequence
from typing import TypeVar

from fhircase.errors import Rejected, ServerError, UnknownOutcome
from fhircase.exchange.limits import Learned
from fhircase.exchange.schedule import Limits, Piece
from fhircase.fhir import jsontext
from fhircase.worker.station import Station
from fhircase.worker.transact import Answer

FACT = "limits"
T = TypeVar("T")


def of(pieces: Sequence[Piece[T]]) -> Limits:
    """How large a bundle of these is."""
    return Limits(sum(piece.entries for piece in pieces), sum(piece.bytes for piece in pieces))


class Size:
    """How large a bundle may be now."""

    def __init__(self, station: Station) -> None:
        self._station = station
        most = Limits(station.to.bundle_entries, station.to.bundle_bytes)
        self._learned = Learned(most, most)
        fact = station.ledger.facts(station.server).get(FACT)
        if fact:
            values = jsontext.decode(fact)
            now = Limits(min(most.entries, int(values["entries"])), min(most.bytes, int(values["bytes"])))
            self._learned = Learned(now, most)
        self._kept = self._learned

    @property
    def limits(self) -> Limits:
        """What a bundle may hold."""
        return self._learned.now

    def learn(self, pieces: Sequence[Piece[T]], outcome: Answer | ServerError) -> None:
        """Take an answer, or that none came, for what it says about the size."""
        sent = of(pieces)
        if isinstance(outcome, Answer):
            if sent.entries:
                self._learned = self._learned.answered(sent, outcome.seconds, self._station.to.timeout)
        elif too_large(outcome) and sum(len(piece.items) for piece in pieces) > 1:
            # What one record alone needs says nothing about how many of the others may go together.
            self._learned = self._learned.too_large(sent)
        elif isinstance(outcome, UnknownOutcome):
            self._learned = self._learned.no_answer(sent)

    def keep(self) -> None:
        """Remember it for the next push."""
        if self._learned == self._kept:
            return
        self._kept, now = self._learned, self._learned.now
        station = self._station
        if self._learned.now == self._learned.most:
            station.ledger.drop_fact(station.server, FACT)
            return
        text = jsontext.encode({"entries": now.entries, "bytes": now.bytes}).decode()
        station.ledger.keep_fact(station.server, FACT, text, now=station.now())


def too_large(error: ServerError) -> bool:
    """Whether a server says that a bundle is too large."""
    return isinstance(error, Rejected) and error.status == 413
