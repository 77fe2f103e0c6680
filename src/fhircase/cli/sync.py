"""`fhircase sync`: push, then pull."""

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.files import output
from fhircase.cli.intake import Intake
from fhircase.cli.options import AsJson, Config, Files, Ledger, Output, ServerName
from fhircase.cli.site import bad_input, code_of, inputs, opened_site, print_json, progress, show_pull, show_push


@told
def sync(
    server: ServerName,
    files: Files = None,
    ledger: Ledger = None,
    file: Output = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Send records to a FHIR server, then read what others changed there; -o keeps the changed records."""
    from fhircase.config import load
    from fhircase.records import write_records

    settings = load(config)
    intake = Intake(files, settings.timezone)
    with opened_site(settings, server, ledger) as site, progress() as tell:
        pushed = site.push(inputs(intake), progress=tell)
        pulled = site.pull(progress=tell, told=False)
        if file is not None:
            with output(file) as stream:
                write_records((record for _, record in pulled.changes), stream)
        site.told(pulled)
    if as_json:
        print_json({"push": {**pushed.as_json(), "unread": intake.bad}, "pull": pulled.as_json()})
    else:
        show_push(pushed, dry_run=False)
        show_pull(pulled)
    intake.sum_up("record")
    exits.leave([code_of(pushed), code_of(pulled), bad_input(intake, pushed)])
