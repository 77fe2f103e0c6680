"""`fhircase sample`: a coherent synthetic caseload."""

from typing import Annotated

import typer

from fhircase.cli.door import told
from fhircase.cli.files import output
from fhircase.cli.options import Output
from fhircase.cli.screen import amount, say, watched


@told
def sample(
    count: Annotated[int, typer.Option(min=0, help="How many clients.")] = 50,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    file: Output = None,
) -> None:
    """Write a caseload of people who do not exist, as NDJSON: cases, care plans and referrals."""
    from fhircase.records import sample as caseload
    from fhircase.records import write_records

    with output(file) as stream:
        written = write_records(watched(caseload.sample(count, seed), "records"), stream)
    if file is not None:
        say(f"{amount(written, 'record')} of {amount(count, 'client')} in {file}")
