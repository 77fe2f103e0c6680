"""`fhircase push`: records to a server."""

from typing import Annotated

import typer

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.intake import Intake
from fhircase.cli.options import AsJson, Config, Files, Ledger, ServerName, Version
from fhircase.cli.site import bad_input, code_of, inputs, opened_site, print_json, progress, show_push


@told
def push(
    server: ServerName,
    files: Files = None,
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
    """Send records to a FHIR server, and whatever it is still owed; what it holds already is not sent."""
    from fhircase.config import load

    settings = load(config)
    intake = Intake(files, settings.timezone)
    version = fhir.value if fhir else None
    with opened_site(settings, server, ledger, version, create_patients=create_patients) as site, progress() as tell:
        report = site.push(inputs(intake), dry_run=dry_run, progress=tell)
    if as_json:
        print_json({**report.as_json(), "unread": intake.bad})
    else:
        show_push(report, dry_run=dry_run)
    intake.sum_up("record")
    exits.leave([code_of(report), bad_input(intake, report)])
