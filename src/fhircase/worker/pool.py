"""Threads that talk to one server, each with a client of its own; all they do is wait for the wire.

Decisions and the ledger stay with the thread that owns the pool: it hands out work and takes back what came of it.
"""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from fhircase.client import FHIRClient
from fhircase.errors import ServerError

J = TypeVar("J")
R = TypeVar("R")

Connect = Callable[[Callable[[float], Any]], FHIRClient]
"""Makes a client that sleeps as told."""


class Halted(ServerError):
    """The pool is closed: what was to be sent again is not."""


class Pool(Generic[J, R]):
    """Runs work in up to `size` threads. They are daemons: an answer that never comes holds up no exit."""

    def __init__(self, connect: Connect, size: int) -> None:
        self._connect = connect
        self._size = size
        self._threads: list[threading.Thread] = []
        self._work: SimpleQueue[tuple[J, Callable[[FHIRClient], R]] | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[J, R | BaseException]] = SimpleQueue()
        self._halt = threading.Event()
        self.busy = 0
        """How much was handed out and not taken back."""

    @property
    def free(self) -> bool:
        """Whether work that is handed out now starts at once."""
        return self.busy < self._size

    def submit(self, job: J, work: Callable[[FHIRClient], R]) -> None:
        """Hand out work."""
        self.busy += 1
        if self.busy > len(self._threads):
            thread = threading.Thread(target=self._run, name="fhircase-send", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._work.put((job, work))

    def take(self, timeout: float) -> tuple[J, R | ServerError] | None:
        """Take back what is finished; None if nothing is in time."""
        try:
            job, outcome = self._done.get(timeout=timeout) if timeout else self._done.get_nowait()
        except Empty:
            return None
        self.busy -= 1
        if isinstance(outcome, BaseException) and not isinstance(outcome, ServerError):
            raise outcome
        return job, outcome

    def halt(self) -> None:
        """Send nothing again from now on; what is on the wire comes back as it can."""
        self._halt.set()

    def close(self) -> None:
        """End the threads once they are idle; what is still in flight then is nobody's."""
        self.halt()
        for _ in self._threads:
            self._work.put(None)
        if not self.busy:
            for thread in self._threads:
                thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        with ExitStack() as stack:
            client: FHIRClient | None = None
            while turn := self._work.get():
                job, work = turn
                try:
                    client = client or stack.enter_context(self._connect(self._sleep))
                    self._done.put((job, work(client)))
                except BaseException as error:  # noqa: BLE001 - whoever takes it back raises it
                    self._done.put((job, error))

    def _sleep(self, seconds: float) -> None:
        if self._halt.wait(seconds):
            raise Halted("the push ended before it was sent again")
