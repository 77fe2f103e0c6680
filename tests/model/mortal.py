"""A process that can end at any moment: between two requests, or between two words with its ledger."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.model.wire import Killed, Wire

from fhircase.client import FHIRClient
from fhircase.errors import ServerError
from fhircase.ledger import Ledger, open_ledger
from fhircase.rest.retry import Retry
from fhircase.worker.circuit import circuit_of
from fhircase.worker.station import Destination, Station
from fhircase.worker.texts import mapping_digest

Fuse = tuple[str, int]
"""A word for the ledger, and how often it is said before the process ends instead of saying it; empty, any word."""


class MortalLedger:
    """A ledger of a process; once that is dead it says nothing more, as a `finally` of a dead process does not run."""

    def __init__(self, ledger: Ledger, wire: Wire) -> None:
        self._ledger = ledger
        self._wire = wire
        self.fuse: Fuse | None = None
        """When the process ends; never, without."""

    def __getattr__(self, name: str) -> Any:
        said = getattr(self._ledger, name)
        if name == "close":
            return said

        def word(*args: Any, **more: Any) -> Any:
            if self.fuse and self.fuse[0] in ("", name):
                self.fuse = self.fuse[0], self.fuse[1] - 1
                self._wire.dead |= self.fuse[1] < 0
            if self._wire.dead:
                raise Killed
            return said(*args, **more)

        return word


class Here:
    """What `worker.pool` does, in the one thread there is: what happens is then the same each time."""

    def __init__(self, connect: Callable[..., FHIRClient], size: int) -> None:
        self._client = connect(lambda seconds: None)
        self._done: list[tuple[Any, Any]] = []

    @property
    def busy(self) -> int:
        """How much was handed out and not taken back."""
        return len(self._done)

    @property
    def free(self) -> bool:
        """Whether work that is handed out now starts at once."""
        return not self._done

    def submit(self, job: Any, work: Callable[[FHIRClient], Any]) -> None:
        """Do it at once."""
        try:
            self._done.append((job, work(self._client)))
        except ServerError as error:
            self._done.append((job, error))

    def take(self, timeout: float) -> Any:
        """Take back what is finished."""
        return self._done.pop(0) if self._done else None

    def halt(self) -> None:
        """There is nothing under way."""

    def close(self) -> None:
        """There is nothing to let go of."""
        self._client.close()


def station(wire: Wire, ledger: MortalLedger, owner: str, now: Callable[[], datetime], **to: Any) -> Station:
    """A process of the hospital's: everything real but the wire, the threads and the clock."""

    circuit = circuit_of(ledger, "ehr", now)  # type: ignore[arg-type]

    def connect(sleep: Callable[[float], Any] = lambda seconds: None) -> FHIRClient:
        patience = Retry(attempts=2, patience=0)
        layers = [circuit.layer]
        return FHIRClient(
            wire.server.url, wire.session(), layers=layers, sleep=sleep, random=lambda: 0.0, retry=patience
        )

    there = Destination(name="ehr", url=wire.server.url, parallel=1, **to)
    return Station(ledger, connect(), there, owner, mapping_digest("R4", ()), connect, circuit, now)  # type: ignore[arg-type]


def opened(path: str, wire: Wire) -> MortalLedger:
    """The ledger in a file. What these tests end is a process, never the power: nothing need reach the disk."""
    ledger = open_ledger(path)
    ledger._connection.execute("PRAGMA synchronous = OFF")  # type: ignore[attr-defined]
    return MortalLedger(ledger, wire)
