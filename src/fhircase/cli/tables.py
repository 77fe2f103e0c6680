"""`fhircase mappings tables`: the code tables, for programs that know nothing of mapping files."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fhircase.cli.door import told
from fhircase.cli.options import Fhir, Version
from fhircase.cli.screen import amount, say
from fhircase.errors import MappingFileError, Problem

app = typer.Typer(help="The code tables: hand them to others.", no_args_is_help=True)


class Form(StrEnum):
    """What a table is written as."""

    csv = "csv"
    conceptmap = "conceptmap"


@app.callback()
def tables() -> None:
    """Commands about code tables have names of their own."""


@app.command()
@told
def export(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[TABLE]...", help="Code tables; all shipped ones without.")
    ] = None,
    form: Annotated[
        Form, typer.Option("--format", help="CSV for people, ConceptMaps for terminology servers.")
    ] = Form.csv,
    fhir: Fhir = Version.R4,
    folder: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the files go.")] = Path(),
) -> None:
    """Write each code table of the shipped mappings as a file: CSV, or a FHIR ConceptMap."""
    from fhircase.fhir import jsontext
    from fhircase.mapping.grammar import near
    from fhircase.mapping.shipped_tables import shipped

    known = shipped(fhir.value)
    if unknown := [name for name in names or () if name not in known]:
        raise MappingFileError(
            [Problem(f"no table is called `{name}` in {fhir.value}{near(name, known)}") for name in unknown]
        )
    folder.mkdir(parents=True, exist_ok=True)
    chosen = names or list(known)
    for name in chosen:
        if form is Form.csv:
            (folder / f"{name}.csv").write_text(known[name].as_csv(), encoding="utf-8-sig", newline="")
        else:
            text = jsontext.pretty(known[name].as_concept_map())
            (folder / f"{name}.json").write_text(text, encoding="utf-8", newline="\n")
    say(f"{amount(len(chosen), 'table')} in {folder}")
