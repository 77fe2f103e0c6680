"""The same input for all servers: read from its files once, and what is wrong with it told once."""

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from fhircase.cli import exits
from fhircase.cli.screen import say
from fhircase.errors import CutShort

if TYPE_CHECKING:
    from fhircase.cli.intake import Intake
    from fhircase.cli.site import Input
    from fhircase.config import Config
    from fhircase.errors import FhircaseError
    from fhircase.records import Cut
    from fhircase.wiring import Site
    from fhircase.worker.station import Progress

T = TypeVar("T")
NEAR = 2000
"""Records kept ready for the servers that have not come as far; beyond, they are read again."""


def everywhere(
    settings: "Config", ledger: Path | None, intake: "Intake", work: "Callable[[Site, list[Input], Progress], T]"
) -> "dict[str, T | FhircaseError]":
    """Give all servers the files' records side by side; their texts stay in memory until each has been given them."""
    from fhircase.cli import logs
    from fhircase.wiring import side_by_side

    logs.start(settings)
    given = shared(intake)
    return side_by_side(settings, lambda site, tell: work(site, given, tell), ledger)


def shared(intake: "Intake") -> "list[Input]":
    """The texts of all records, as several pushes can take them."""
    cuts, read = list(intake.cuts()), _Once(intake.record)
    intake.count += len(cuts)
    return [(cut.text, partial(read, cut)) for cut in cuts]


def code(errors: "dict[str, Any]") -> list[int]:
    """Tell people of the servers with which nothing could be done at all; the exit codes for that."""
    codes = []
    for name, error in errors.items():
        say(f"{name}: {error}")
        codes.append(exits.of_error(error))
    return codes


class _Once:
    """Reads a record for the first server that asks; while the others keep up, they get the same."""

    def __init__(self, read: "Callable[[Cut], Any]") -> None:
        self._read = lru_cache(maxsize=NEAR)(read)
        self._wrong: dict[Cut, CutShort | None] = {}
        self._lock = Lock()

    def __call__(self, cut: "Cut") -> Any:
        with self._lock:
            if cut not in self._wrong:
                try:
                    if (record := self._read(cut)) is not None:
                        return record
                    self._wrong[cut] = None
                except CutShort as error:
                    self._wrong[cut] = error
            wrong = self._wrong[cut]
        if wrong is not None:
            raise CutShort(wrong.problems)
        return None
