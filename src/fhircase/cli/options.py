"""Options that several commands share: each means the same everywhere."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Version(StrEnum):
    """FHIR versions."""

    R4 = "R4"
    R4B = "R4B"
    R5 = "R5"


Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FILE...|-]", help="Files to read; - is standard input.", show_default=False),
]
Fhir = Annotated[Version, typer.Option("--fhir", help="FHIR version.", case_sensitive=False)]
Overlays = Annotated[
    list[str] | None,
    typer.Option("--overlay", metavar="NAME", help="Overlay to lay over the mappings: a name, or a file. Repeatable."),
]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", metavar="FILE", help="A mapping file for records of your own; it names their model."),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here instead of standard output.")
]
Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings; fhircase.toml here if there is one.")
]
ServerName = Annotated[str, typer.Option("--server", metavar="NAME|URL", help="A server in the settings, or its URL.")]
Ledger = Annotated[Path | None, typer.Option("--ledger", metavar="PATH", help="The ledger; else as the settings say.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of tables for people.")]
Jobs = Annotated[int, typer.Option("--jobs", metavar="N", min=1, help="Processes to spread the work over.")]
