"""Processes that push, to be killed: each is a process of its own, forked from one that has read the mappings already.

Run as a program it is that one; a run of chaos would else be spent on loading them.
"""

import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

COMMAND = ["sync", "--server", "ehr", "export.jsonl"]
"""What an operator would have in a cron job."""


class Pushes:
    """Starts them in a folder, one at a time; what they say goes to `said.log` there."""

    def __init__(self, folder: Path) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, str(Path(__file__))], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._hear()
        self.pid = 0

    def start(self) -> None:
        """Start the next one."""
        self._parent.stdin.write(b"go\n")
        self._parent.stdin.flush()
        self.pid = self._hear()

    def ended(self, seconds: float | None) -> int | None:
        """Its exit code, negative for a signal; None if it goes on after so many seconds."""
        ready, _, _ = select.select([self._parent.stdout], [], [], seconds)
        return self._hear() if ready else None

    def kill(self) -> int:
        """End it as a power cut would, unless it has just ended; its exit code."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        return self._hear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parent.stdin.close()
        self._parent.wait()
        self._parent.stdout.close()

    def _hear(self) -> int:
        return int(self._parent.stdout.readline())


def _fork_when_told() -> None:
    from fhircase.cli import main  # noqa: PLC0415 - only the program needs them
    from fhircase.mapping.compiled import all_compiled  # noqa: PLC0415
    from fhircase.worker.texts import mapping_digest  # noqa: PLC0415

    all_compiled("R4")
    mapping_digest("R4", ())
    _say(0)
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            log = os.open("said.log", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
            os.dup2(log, 1)
            os.dup2(log, 2)
            sys.argv[1:] = COMMAND
            main()
        _say(child)
        _, status = os.waitpid(child, 0)
        _say(os.waitstatus_to_exitcode(status))


def _say(number: int) -> None:
    print(number, flush=True)


if __name__ == "__main__":
    _fork_when_told()
