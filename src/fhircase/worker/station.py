"""What every loop needs at hand: one ledger, one server, the time, and who we are while we send."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from fhircase.client import FHIRClient
from fhircase.exchange.abilities import Abilities, abilities
from fhircase.exchange.asking import Says, says
from fhircase.exchange.brake import Limits
from fhircase.exchange.policies import policies
from fhircase.ledger import Ledger
from fhircase.mapping.merging import Merging
from fhircase.rest.message import Interaction, Request, Response
from fhircase.worker.circuit import Circuit
from fhircase.worker.pool import Connect
from fhircase.worker.probed import probed

LEASE = timedelta(minutes=5)
"""How long a claim lasts without a sign of life; renewed while it waits and when it is sent."""

Question = Callable[[FHIRClient], Any]
"""Asks a server something."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is. Never a person's data."""


def now() -> datetime:
    """The time, where nobody says another."""
    return datetime.now(UTC)


def silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One server as the loops know it; `config.Server` without secrets."""

    name: str
    url: str
    fhir: str = "R4"
    overlays: tuple[str, ...] = ()
    bundle_entries: int = 50
    bundle_bytes: int = 1_000_000
    parallel: int = 4
    timeout: float = 30.0
    pull: tuple[str, ...] = ()
    organization: str | None = None
    patient_identifiers: tuple[str, ...] = ()
    create_patients: bool = False
    recheck: int = 200
    unknown: str = "leave"
    brake: Limits = field(default_factory=Limits)
    pilot: frozenset[str] | None = None
    """Identifiers of the clients whose records may go there, as `system|value`; without, of everybody."""


@dataclass(slots=True)
class Counter:
    """Counts the requests that go out."""

    requests: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def layer(self, request: Request) -> Interaction[Response]:
        """Pass a request on and count it, whichever thread it is of."""
        with self._lock:
            self.requests += 1
        return (yield request)


@dataclass(frozen=True, slots=True)
class Station:
    """Where the work is done."""

    ledger: Ledger
    client: FHIRClient
    to: Destination
    owner: str
    mapping: str
    """Digest of the mapping files, as it stands beside everything agreed."""
    connect: Connect
    """Makes further clients of the server, for threads of their own."""
    circuit: Circuit
    now: Callable[[], datetime] = now
    counter: Counter = field(default_factory=Counter)

    memory: dict[str, Any] = field(default_factory=dict, repr=False)
    ask: Callable[[Sequence[Question]], list[Any]] | None = field(default=None, repr=False)
    """Puts questions to the server while other work goes on; without, one after the other."""

    def asked(self, questions: Sequence[Question]) -> list[Any]:
        """Put questions to the server; the answers in the questions' order.

        Raises:
            ServerError: one of them could not be asked.
        """
        return self.ask(questions) if self.ask else [question(self.client) for question in questions]

    @property
    def can(self) -> Abilities:
        """What the server says it can do; asked once.

        Raises:
            ServerError: it could not be asked.
        """
        if "can" not in self.memory:
            self._ask()
        return self.memory["can"]  # type: ignore[no-any-return]

    @property
    def said(self) -> Says:
        """What the server says about being asked for changes; asked once.

        Raises:
            ServerError: it could not be asked.
        """
        if "said" not in self.memory:
            self._ask()
        return self.memory["said"]  # type: ignore[no-any-return]

    def _ask(self) -> None:
        statement = self.client.capabilities()
        self.memory.update(can=abilities(statement, probed(self.ledger, self.server)), said=says(statement))

    def policies(self, kind: str) -> Mapping[str, Merging]:
        """By which policies a kind of record is merged with this server."""
        return policies(kind, self.to.fhir, self.to.overlays)

    @property
    def server(self) -> str:
        """The server's name in the ledger."""
        return self.to.name
