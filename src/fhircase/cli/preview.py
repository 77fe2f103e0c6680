"""What a push would change on a server, value by value: `fhircase map --diff --server NAME`."""

from pathlib import Path
from typing import TYPE_CHECKING

from fhircase.cli import exits
from fhircase.cli.difference import shown
from fhircase.cli.files import output
from fhircase.cli.intake import Intake
from fhircase.cli.site import code_of, inputs, opened_site, progress, show_standings

if TYPE_CHECKING:
    from fhircase.config import Config


def preview(settings: "Config", server: str, ledger: Path | None, files: list[Path] | None, file: Path | None) -> None:
    """Show what a push would change on the server's copy of each resource; nothing is sent and nothing kept."""
    intake = Intake(files, settings.timezone)
    with opened_site(settings, server, ledger) as site, progress() as tell:
        report = site.push(inputs(intake), dry_run=True, progress=tell)
    with output(file) as stream:
        for each in report.planned:
            stream.write(shown(each.after, each.before, each.role).encode())
    show_standings([*report.held, *report.refused, *report.conflicts], report.remarks, report.stopped)
    intake.sum_up("record")
    exits.leave([code_of(report), exits.BAD_INPUT if intake.bad else exits.DONE])
