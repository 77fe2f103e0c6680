"""`fhircase sync`: push, then pull; with one server, or with all of them side by side."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.everywhere import code, everywhere
from fhircase.cli.files import output
from fhircase.cli.intake import Intake
from fhircase.cli.options import AsJson, Config, Files, Ledger, Output
from fhircase.cli.site import bad_input, code_of, inputs, opened_site, print_json, progress, show_pull, show_push

if TYPE_CHECKING:
    from fhircase.cli.site import Input
    from fhircase.config import Config as Settings
    from fhircase.errors import FhircaseError
    from fhircase.wiring import Site
    from fhircase.worker.report import PullReport, PushReport
    from fhircase.worker.station import Progress

Both = tuple["PushReport", "PullReport"]


@told
def sync(
    files: Files = None,
    server: Annotated[
        str | None, typer.Option("--server", metavar="NAME|URL", help="A server in the settings, or its URL.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All servers in the settings, side by side.")] = False,
    ledger: Ledger = None,
    file: Output = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Send records to a FHIR server, then read what others changed there; -o keeps the changed records."""
    from fhircase.config import load

    if (server is None) is not every:
        raise typer.BadParameter("say which server, or --all", param_hint="--server")
    settings = load(config)
    intake = Intake(files, settings.timezone)
    done = everywhere(settings, ledger, intake, _both) if server is None else _one(settings, server, ledger, intake)
    fine = {name: both for name, both in done.items() if isinstance(both, tuple)}
    if file is not None:
        _written(file, fine)
    for name, (_, pulled) in fine.items():
        with opened_site(settings, server or name, ledger) as site:
            site.told(pulled)
    shown = {name: _json(both, intake) for name, both in fine.items()}
    if as_json:
        print_json({"servers": shown} if server is None else next(iter(shown.values())))
    else:
        for pushed, pulled in fine.values():
            show_push(pushed, dry_run=False)
            show_pull(pulled)
    intake.sum_up("record")
    exits.leave([*_codes(done), *(bad_input(intake, pushed) for pushed, _ in fine.values())])


def _one(settings: "Settings", server: str, ledger: Path | None, intake: Intake) -> dict[str, "Both | FhircaseError"]:
    with opened_site(settings, server, ledger) as site, progress() as tell:
        return {site.server.name: (site.push(inputs(intake), progress=tell), site.pull(progress=tell, told=False))}


def _both(site: "Site", given: "Iterable[Input]", tell: "Progress") -> Both:
    return site.push(given, progress=tell), site.pull(progress=tell, told=False)


def _written(file: Path, done: dict[str, Both]) -> None:
    from fhircase.records import write_records

    with output(file) as stream:
        write_records((record for _, pulled in done.values() for _, record in pulled.changes), stream)


def _json(both: Both, intake: Intake) -> dict[str, object]:
    pushed, pulled = both
    return {"push": {**pushed.as_json(), "unread": intake.bad}, "pull": pulled.as_json()}


def _codes(done: dict[str, "Both | FhircaseError"]) -> list[int]:
    reports = [report for both in done.values() if isinstance(both, tuple) for report in both]
    errors = {name: both for name, both in done.items() if not isinstance(both, tuple)}
    return [*map(code_of, reports), *code(errors)]
