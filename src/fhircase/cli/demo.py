"""`fhircase demo`: a hospital and an agency exchange a caseload over a real FHIR server."""

from typing import Annotated

import typer

from fhircase.cli import exits
from fhircase.cli.door import told


@told
def demo(
    count: Annotated[int, typer.Option(min=1, help="How many clients the hospital has.")] = 50,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the server up and print its address.")] = False,
) -> None:
    """Show a hospital and an agency exchanging a caseload over a real FHIR server, and prove that nothing got lost."""
    from rich.console import Console

    from fhircase.cli.site import progress
    from fhircase.demo.run import demo as run

    if not run(count, Console(highlight=False), keep=keep, watch=progress):
        exits.leave([exits.BUG])
