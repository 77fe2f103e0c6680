"""A hospital: its records, its ledger, and processes that push and pull, each of which may die at any moment."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.model.mortal import Fuse, MortalLedger, opened, station
from tests.model.server import ModelServer
from tests.model.wire import Killed, Wire
from tests.world import World, lines

from fhircase.worker.pull import pull
from fhircase.worker.push import push
from fhircase.worker.station import Station

FIRST_OF_ALL = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Process:
    """One run of the command: a connection, a ledger that is open, and a name."""

    def __init__(self, hospital: "Hospital") -> None:
        self.wire = Wire(hospital.server, "hospital", hospital.now)
        self.wire.late = hospital.late
        self.ledger: MortalLedger = opened(hospital.path, self.wire)
        self.station: Station = station(self.wire, self.ledger, hospital.named(), hospital.now, **hospital.settings)

    def close(self) -> None:
        """It ends."""
        self.ledger.close()
        self.station.client.close()


class Hospital:
    """What the local system holds, and what it does with the ledger."""

    def __init__(self, world: World, server: ModelServer, entries: int) -> None:
        self.world = world
        self.server = server
        self.path = str(world.folder / "ledger")
        self.settings: dict[str, Any] = {
            "bundle_entries": entries,
            "patient_identifiers": (f"{world.namespace}/mrn",),
        }
        self.time = FIRST_OF_ALL
        self.late: list[Callable[[], Any]] = []
        """Requests that are still on their way."""
        self._names = 0
        self.records: dict[tuple[str, int], Any] = {}
        self.unsaid: set[tuple[str, int]] = set()
        """Records that were edited and not pushed since."""
        self.process = Process(self)

    def takes_on(self, client: int) -> None:
        """Open a case, with a plan and a referral."""
        for each in (self.world.case(client), self.world.plan(client), self.world.referral(client)):
            self.records[each.key.kind, client] = each
            self.unsaid.add((each.key.kind, client))

    def named(self) -> str:
        """A name for a process; of another machine, so that nobody can tell whether it lives."""
        self._names += 1
        return f"elsewhere/{self._names}"

    def now(self) -> datetime:
        """The time, which never stands still."""
        self.time += timedelta(milliseconds=1)
        return self.time

    def wait(self, minutes: float) -> None:
        """Let time pass, on the server, too."""
        self.time += timedelta(minutes=minutes)
        self.server.clock += timedelta(minutes=minutes)

    def export(self) -> dict[tuple[str, int], Any]:
        """The records as they are now."""
        return dict(self.records)

    def push(
        self,
        records: dict[tuple[str, int], Any],
        faults: Iterable[str] = (),
        fuse: Fuse | None = None,
        at_writes: Iterable[str] = (),
    ) -> bool:
        """Push these; False if the process died of it, and another has begun."""
        self.process.wire.at_writes.extend(at_writes)
        return self._run(lambda process: push(process.station, lines(records.values())), faults, fuse)

    def pull(self, faults: Iterable[str] = (), fuse: Fuse | None = None) -> bool:
        """Pull, as `push` pushes."""
        return self._run(lambda process: pull(process.station), faults, fuse)

    def _run(self, what: Callable[[Process], Any], faults: Iterable[str], fuse: Fuse | None) -> bool:
        wire, ledger = self.process.wire, self.process.ledger
        wire.faults.extend(faults)
        ledger.fuse = fuse
        try:
            what(self.process)
        except Killed:
            self.process.close()
            self.process = Process(self)
            return False
        finally:
            wire.faults.clear()
            wire.at_writes.clear()
            wire.before = wire.after = ledger.fuse = None
        return True

    def beside(self, records: dict[tuple[str, int], Any], *, dies: bool) -> None:
        """Push these by another process while the first one waits for the server; it may die of it."""
        other = Process(self)
        other.wire.faults.extend(["killed before"] if dies else [])
        try:
            push(other.station, lines(records.values()))
        except Killed:
            pass
        finally:
            other.close()
