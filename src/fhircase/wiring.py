"""The one place where concrete parts meet: settings make a ledger, a client and the loops between them."""

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from fhircase.auth.basic import basic
from fhircase.auth.bearer import bearer
from fhircase.client import FHIRClient
from fhircase.config import Basic, Bearer, Config, Server
from fhircase.config.servers import FHIRVersion
from fhircase.errors import FhircaseError
from fhircase.exchange.brake import Limits
from fhircase.ledger import Conflict, Ledger, Outcome, open_ledger
from fhircase.rest.layer import Layer
from fhircase.rest.rate import Rate, paced
from fhircase.worker import owner, remap
from fhircase.worker.brake import Input
from fhircase.worker.circuit import circuit_of
from fhircase.worker.comparing import Reconciled
from fhircase.worker.decide import Settled, settle
from fhircase.worker.feed import Feed, Offer
from fhircase.worker.intake import given
from fhircase.worker.log import Requests, say
from fhircase.worker.pause import RESTORED, paused
from fhircase.worker.plan import plan
from fhircase.worker.probe import Probed, probe
from fhircase.worker.pull import pull
from fhircase.worker.push import push
from fhircase.worker.rebuild import Rebuilt, rebuild
from fhircase.worker.reconcile import reconcile
from fhircase.worker.remap_back import back
from fhircase.worker.report import PullReport, PushReport, RemapReport
from fhircase.worker.station import Counter, Destination, Progress, Station, now, silent
from fhircase.worker.texts import mapping_digest
from fhircase.worker.told import told as noted

T = TypeVar("T")


class Site:
    """We, towards one server: push to it, pull from it, see how far things are. Close it when done."""

    def __init__(self, server: Server, ledger: str | os.PathLike[str]) -> None:
        self.server = server
        self._location = os.fspath(ledger)
        self._open: Station | None = None
        self._stack = ExitStack()
        self._counter = Counter()

    def push(
        self,
        records: Iterable[Input] = (),
        *,
        dry_run: bool = False,
        release: bool = False,
        progress: Progress | None = None,
    ) -> PushReport:
        """Send records, and whatever else the server is owed.

        Args:
            records: each with the text it came as; equal text is not looked at twice.
            dry_run: only say what would be done; nothing is written anywhere.
            release: first take in what waits for a person's go.
            progress: told how far it is.
        """
        if dry_run:
            return self._planned(records, progress or silent)
        if RESTORED in self.ledger.facts(self.server.name):
            self.pull(progress=progress, told=False)
        say("push started", server=self.server.name)
        report = push(self._station(), records, progress or silent, release=release)
        say("push ended", "warning" if report.stopped else "info", server=report.server, counts=report.counts)
        return report

    def pull(self, *, progress: Progress | None = None, told: bool = True) -> PullReport:
        """Read what others changed.

        Args:
            progress: told how far it is.
            told: without, the news is handed over again by the next pull, unless `told` is called when it is safe.
        """
        if why := paused(self.ledger, self.server.name):
            return PullReport(self.server.name, stopped=why)
        say("pull started", server=self.server.name)
        report = pull(self._station(), progress or silent)
        if told:
            self.told(report)
        if not report.stopped:
            self.ledger.drop_fact(self.server.name, RESTORED)
        say("pull ended", "warning" if report.stopped else "info", server=report.server, counts=report.counts)
        return report

    def told(self, report: PullReport) -> None:
        """Note that the news of a pull is safe, so that no pull hands it over again."""
        noted(self._station(), report)

    def changes(self, after: str | None = None, *, limit: int | None = None) -> Iterator[Offer]:
        """Offer the local system what others changed, on any server, that it has not acknowledged yet.

        Args:
            after: the cursor to read on from instead.
            limit: at most so many.

        Raises:
            InvalidInput: the cursor is not one of this feed.
        """
        return Feed(self.ledger).changes(after, limit=limit)

    def ack(self, cursor: str) -> int:
        """Note that the local system has all changes up to a cursor; returns how many were new to it.

        Raises:
            InvalidInput: the cursor is not one of this feed.
        """
        return Feed(self.ledger).ack(cursor)

    def conflicts(self) -> list[Conflict]:
        """What both sides changed to different things and nobody has settled; theirs stands meanwhile."""
        return self.ledger.conflicts(self.server.name)

    def settle(self, id_: str, decision: Literal["ours", "theirs", "edited"], value: Any = None) -> Settled:
        """Settle a conflict for good; the next push sends what was decided.

        Args:
            id_: the conflict's id.
            decision: whose word is right; `edited` for another value.
            value: that value, as JSON has it; None for nothing.

        Raises:
            InvalidInput: there is no such conflict, it is another one by now, or the value does not fit there.
        """
        station = self._station()
        return settle(station.ledger, id_, Outcome(decision), value, now=station.now())

    def reconcile(
        self, namespaces: Collection[str] = (), *, repair: bool = False, progress: Progress | None = None
    ) -> Reconciled:
        """Compare both sides completely, and put right what can be put right safely.

        Args:
            namespaces: what our identifiers start with; without, those of the records that were pushed from here.
            repair: whether to put anything right; without, nothing is written anywhere.
            progress: told how far it is.
        """
        station = self._station()
        if why := paused(self.ledger, self.server.name):
            return Reconciled(self.server.name, stopped=why)
        ours = namespaces or {record.key.namespace for record in self.ledger.scan() if given(record)}
        return reconcile(station, ours, repair=repair, progress=progress or silent)

    def rebuild(self, namespaces: Collection[str], *, progress: Progress | None = None) -> Rebuilt:
        """Make the ledger again from what the server holds under these namespaces' identifiers."""
        if why := paused(self.ledger, self.server.name):
            return Rebuilt(self.server.name, stopped=why)
        return rebuild(self._station(), namespaces, progress or silent)

    def remap(
        self,
        *,
        dry_run: bool = True,
        only: Collection[str] = (),
        some: int | None = None,
        progress: Progress | None = None,
    ) -> RemapReport:
        """Rewrite what a changed mapping says otherwise, or only say what would be rewritten.

        Args:
            dry_run: only say what would be done; nothing is written anywhere.
            only: names of records: a key's value, `kind/value` or `namespace|value`; all without.
            some: at most so many records.
            progress: told how far it is.
        """
        if dry_run:
            return remap.plan(self._station(), only, some)
        if why := paused(self.ledger, self.server.name):
            return RemapReport(self.server.name, stopped=why)
        return remap.go(self._station(), only, some, progress or silent)

    def remap_back(
        self, *, only: Collection[str] = (), some: int | None = None, progress: Progress | None = None
    ) -> RemapReport:
        """Take back what `remap` wrote, where nobody has changed it since."""
        if why := paused(self.ledger, self.server.name):
            return RemapReport(self.server.name, stopped=why)
        return back(self._station(), only, some, progress or silent)

    def probe(self, report: Probed) -> None:
        """Find out what the server does, on resources that are made and deleted for it, and remember it.

        Raises:
            ServerError: the server could not be asked; the report tells what is left there.
        """
        probe(self._station(), report)

    def status(self) -> dict[str, dict[str, dict[str, int]]]:
        """How many records are in which state, per server."""
        return self.ledger.status()

    @property
    def ledger(self) -> Ledger:
        """The ledger; made where there is none."""
        return self._station().ledger

    def _planned(self, records: Iterable[Input], progress: Progress) -> PushReport:
        if self._open or "://" in self._location or Path(self._location).exists():
            return plan(self._station(), records, progress)
        # Without a ledger there is nothing to know, and a dry run makes none.
        with TemporaryDirectory() as folder, ExitStack() as stack:
            return plan(self._make(stack, str(Path(folder) / "ledger")), records, progress)

    def _station(self) -> Station:
        if self._open is None:
            self._open = self._make(self._stack, self._location)
        return self._open

    def _make(self, stack: ExitStack, location: str) -> Station:
        server = self.server
        ledger = stack.enter_context(open_ledger(location))
        auth, rate = _auth(server), Rate(server.rate_limit)
        circuit = circuit_of(ledger, server.name, now)
        stack.callback(circuit.keep, ledger)

        def connect(sleep: Callable[[float], Any] = time.sleep) -> FHIRClient:
            layers = [circuit.layer, self._counter.layer, Requests(server.name).layer]
            wire, timeout = [paced(rate, time.monotonic)], (10.0, server.timeout)
            return FHIRClient(server.url, auth=auth, layers=layers, wire=wire, timeout=timeout, sleep=sleep)

        client = stack.enter_context(connect())
        return Station(
            ledger,
            client,
            _destination(server),
            owner.name(),
            mapping_digest(server.fhir, server.overlays),
            connect,
            circuit,
            now,
            counter=self._counter,
        )

    def close(self) -> None:
        """Let go of the ledger and the connections."""
        self._stack.close()
        self._open = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_site(
    config: Config, server: str, ledger: str | os.PathLike[str] | None = None, fhir: FHIRVersion | None = None
) -> Site:
    """Get ready to exchange with a server, by its name in the settings or by its URL.

    Raises:
        ConfigError: there is no such server, or a setting of it is wrong.
    """
    return Site(config.server(server, fhir=fhir), ledger or config.ledger)


def side_by_side(
    config: Config,
    work: Callable[[Site, Progress], T],
    ledger: str | os.PathLike[str] | None = None,
    progress: Progress = silent,
) -> dict[str, T | FhircaseError]:
    """Do the same with every configured server at once; the trouble of one neither ends nor delays another's.

    Each has a thread and a connection to the ledger of its own. Interrupted, all end as `push` does.

    Returns:
        By server what came of it, or the error that ended it.
    """
    stop = Event()

    def tell(stage: str, done: int, total: int) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        progress(stage, done, total)

    def one(name: str) -> T | FhircaseError:
        try:
            with open_site(config, name, ledger) as site:
                return work(site, tell)
        except FhircaseError as error:
            return error

    with ThreadPoolExecutor(max(1, len(config.servers))) as threads:
        try:
            return dict(zip(config.servers, threads.map(one, config.servers), strict=True))
        except KeyboardInterrupt:
            stop.set()
            raise


def _auth(server: Server) -> Layer | None:
    match server.auth:
        case Bearer(token=token):
            return bearer(token.get_secret_value())
        case Basic(username=username, password=password):
            return basic(username, password.get_secret_value())
    return None


def _destination(server: Server) -> Destination:
    return Destination(
        name=server.name,
        url=server.url,
        fhir=server.fhir,
        overlays=server.overlays,
        bundle_entries=server.bundle_entries,
        bundle_bytes=server.bundle_bytes,
        parallel=server.parallel,
        timeout=server.timeout,
        pull=server.pull,
        organization=server.organization,
        patient_identifiers=server.patient_identifiers,
        create_patients=server.create_patients,
        recheck=server.recheck,
        unknown=server.unknown,
        brake=Limits(**server.brake.model_dump()),
        pilot=server.pilot,
    )
