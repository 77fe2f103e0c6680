"""What stands where with each server, in figures and words, for `status` and `watch`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from fhircase.ledger import Ledger, Traffic

COUNTED = timedelta(minutes=1)
"""The time over which a rate is taken."""
STATES = ("agreed", "owed", "refused", "held", "conflicts")
COLUMNS = ("server", *STATES, "in flight", "a minute", "oldest owed", "what is the matter")


@dataclass(frozen=True, slots=True)
class Overview:
    """One server, as it stands."""

    server: str
    counts: dict[str, int]
    traffic: "Traffic"
    halts: tuple[str, ...] = ()
    """Where a person has to say go."""
    troubles: tuple[str, ...] = ()
    """Why something does not go on; never a person's data."""

    @property
    def matters(self) -> tuple[str, ...]:
        """All that is to be said of it."""
        return (*self.halts, *self.troubles)

    @property
    def waiting(self) -> bool:
        """Whether anything needs something or somebody."""
        return bool(self.halts) or any(self.counts[state] for state in STATES[1:])

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        traffic = self.traffic
        more = {"in_flight": traffic.sending, "a_minute": traffic.settled, "matters": list(self.matters)}
        return {**self.counts, **more, "oldest_owed": traffic.oldest.isoformat() if traffic.oldest else None}

    def row(self, now: datetime) -> tuple[str, ...]:
        """Its cells, for people."""
        oldest = age(now - self.traffic.oldest) if self.traffic.oldest else ""
        counts = (str(self.counts[state]) for state in STATES)
        flow = str(self.traffic.sending), str(self.traffic.settled)
        return (self.server, *counts, *flow, oldest, "; ".join(self.matters))


def overviews(ledger: "Ledger", now: datetime) -> list[Overview]:
    """Ask the ledger about every server it knows."""
    from fhircase.ledger import Traffic

    counts, traffic = ledger.status()["servers"], ledger.traffic(now - COUNTED)
    return [
        Overview(
            name,
            {state: counts[name].get(state, 0) for state in STATES},
            flow := traffic.get(name, Traffic()),
            tuple(_halts(ledger, name)),
            tuple(_troubles(ledger, name, flow, now)),
        )
        for name in counts
    ]


def _halts(ledger: "Ledger", server: str) -> Iterator[str]:
    from fhircase.worker.brake import waits
    from fhircase.worker.pause import paused

    if why := paused(ledger, server):
        yield why
    if brake := waits(ledger, server):
        yield f"{brake.records} records wait for `fhircase release`: {'; '.join(brake.reasons)}"


def _troubles(ledger: "Ledger", server: str, traffic: "Traffic", now: datetime) -> Iterator[str]:
    from fhircase.worker.circuit import circuit_of

    if why := circuit_of(ledger, server, lambda: now).why:
        yield why
    if traffic.due and traffic.due > now:
        yield f"next try in {age(traffic.due - now)}"
    if traffic.when:
        yield f"{traffic.code}, {age(now - traffic.when)} ago: {traffic.reason}"


def shown(every: Sequence[Overview], now: datetime) -> "Table":
    """A table for a terminal."""
    from rich.table import Table
    from rich.text import Text

    made = Table(title=f"{now:%Y-%m-%d %H:%M:%S} UTC", title_justify="left")
    for column in COLUMNS:
        made.add_column(column, justify="left" if column in (COLUMNS[0], COLUMNS[-1]) else "right")
    for each in every:
        made.add_row(*(Text(cell) for cell in each.row(now)))
    return made


def age(span: timedelta) -> str:
    """`12 s`, `5 min`, `3 h`, `2 days`: as exact as anybody wants to know."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
