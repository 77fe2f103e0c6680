"""`fhircase init`: a settings file to start from."""

from pathlib import Path
from typing import Annotated

import typer

from fhircase.cli.door import told
from fhircase.cli.files import output
from fhircase.cli.screen import say
from fhircase.errors import ConfigError, Problem


@told
def init(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Where to write; ./fhircase.toml without.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a settings file in which every setting is explained."""
    from fhircase.config import FILE, template

    place = file or Path(FILE)
    if place.exists() and not force and str(place) != "-":
        raise ConfigError(Problem("is there already", source=str(place), hint="use --force to replace it"))
    with output(place) as stream:
        stream.write(template().encode())
    if str(place) != "-":
        say(f"wrote {place}; edit it, then try: fhircase push records.ndjson --server NAME --dry-run")
