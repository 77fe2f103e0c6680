"""`fhircase pull`: what others changed on a server, as records."""

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.files import output
from fhircase.cli.options import AsJson, Config, Ledger, Output, ServerName
from fhircase.cli.site import code_of, opened_site, print_json, progress, show_pull


@told
def pull(
    server: ServerName,
    ledger: Ledger = None,
    file: Output = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Read what others changed on a FHIR server; the changed records come as NDJSON."""
    from fhircase.config import load
    from fhircase.records import write_records

    with opened_site(load(config), server, ledger) as site, progress() as tell:
        report = site.pull(progress=tell, told=False)
        if file is not None or not as_json:
            with output(file) as stream:
                write_records((record for _, record in report.changes), stream)
        # Only now: killed before, the next pull hands the same over again.
        site.told(report)
    if as_json:
        print_json(report.as_json())
    show_pull(report)
    exits.leave([code_of(report)])
