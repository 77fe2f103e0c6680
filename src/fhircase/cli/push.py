"""`fhircase push`: records to a server, or to all of them side by side."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.everywhere import code, everywhere
from fhircase.cli.intake import Intake
from fhircase.cli.options import AsJson, Config, Files, Ledger, Version
from fhircase.cli.shared import Shared
from fhircase.cli.site import bad_input, code_of, inputs, opened_site, print_json, progress, show_push

if TYPE_CHECKING:
    from fhircase.cli.site import Input
    from fhircase.config import Config as Settings
    from fhircase.errors import FhircaseError
    from fhircase.wiring import Site
    from fhircase.worker.report import PushReport
    from fhircase.worker.station import Progress


@told
def push(  # noqa: PLR0913, PLR0917 - options are arguments
    files: Files = None,
    server: Annotated[
        str | None, typer.Option("--server", metavar="NAME|URL", help="A server in the settings, or its URL.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All servers in the settings, side by side.")] = False,
    ledger: Ledger = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")] = False,
    create_patients: Annotated[
        bool, typer.Option("--create-patients", help="Create clients whom the server does not know.")
    ] = False,
    fhir: Annotated[
        Version | None,
        typer.Option("--fhir", help="FHIR version of the server; else as the settings say.", case_sensitive=False),
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Send records to a FHIR server or to all, and whatever is still owed there; what is there already is not sent."""
    from fhircase.config import load

    if (server is None) is not every:
        raise typer.BadParameter("say which server, or --all", param_hint="--server")
    if every and (fhir or create_patients):
        raise typer.BadParameter("with --all each server is as the settings say", param_hint="--all")
    settings = load(config)
    intake = Intake(files, settings.timezone)
    if server is None:
        done = _everywhere(settings, ledger, intake, dry_run=dry_run)
    else:
        version = fhir.value if fhir else None
        with (
            opened_site(settings, server, ledger, version, create_patients=create_patients) as site,
            progress() as tell,
        ):
            done = {site.server.name: site.push(inputs(intake), dry_run=dry_run, progress=tell)}
    _tell(done, intake, dry_run=dry_run, as_json=as_json, every=every)


def _everywhere(
    settings: "Settings", ledger: Path | None, intake: Intake, *, dry_run: bool
) -> "dict[str, PushReport | FhircaseError]":
    def work(site: "Site", given: "Iterable[Input]", tell: "Progress") -> "PushReport":
        return site.push(given, dry_run=dry_run, progress=tell)

    if not dry_run:
        return everywhere(settings, ledger, intake, work)
    # Each dry run has the ledger to itself as long as it lasts.
    done = {}
    with Shared(intake) as given:
        for name in settings.servers:
            with opened_site(settings, name, ledger) as site, progress() as tell:
                done[name] = work(site, given, tell)
    return dict(done)


def _tell(
    done: "dict[str, PushReport | FhircaseError]", intake: Intake, *, dry_run: bool, as_json: bool, every: bool
) -> None:
    errors = {name: each for name, each in done.items() if isinstance(each, Exception)}
    reports = {name: each for name, each in done.items() if not isinstance(each, Exception)}
    if as_json:
        shown = {name: {**report.as_json(), "unread": intake.bad} for name, report in reports.items()}
        print_json({"servers": shown} if every else next(iter(shown.values())))
    else:
        for report in reports.values():
            show_push(report, dry_run=dry_run)
    intake.sum_up("record")
    codes = [each for report in reports.values() for each in (code_of(report), bad_input(intake, report))]
    exits.leave([*codes, *code(errors)])
