"""The same input for all servers, side by side."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fhircase.cli import exits
from fhircase.cli.screen import say
from fhircase.cli.shared import Shared

if TYPE_CHECKING:
    from fhircase.cli.intake import Intake
    from fhircase.cli.site import Input
    from fhircase.config import Config
    from fhircase.errors import FhircaseError
    from fhircase.wiring import Site
    from fhircase.worker.station import Progress

T = TypeVar("T")


def everywhere(
    settings: "Config", ledger: Path | None, intake: "Intake", work: "Callable[[Site, Iterable[Input], Progress], T]"
) -> "dict[str, T | FhircaseError]":
    """Give all servers the files' records side by side."""
    from fhircase.cli import logs
    from fhircase.wiring import side_by_side

    logs.start(settings)
    with Shared(intake) as given:
        return side_by_side(settings, lambda site, tell: work(site, given, tell), ledger)


def code(errors: "dict[str, Any]") -> list[int]:
    """Tell people of the servers with which nothing could be done at all; the exit codes for that."""
    codes = []
    for name, error in errors.items():
        say(f"{name}: {error}")
        codes.append(exits.of_error(error))
    return codes
