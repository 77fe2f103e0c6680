"""`fhircase mappings`: the mapping files themselves, for people."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fhircase.cli import exits, tables
from fhircase.cli.door import told
from fhircase.cli.options import AsJson, Config, Fhir, Ledger, Output, Overlays, Version
from fhircase.cli.screen import amount, complain, say, table
from fhircase.errors import MappingFileError, Problem

if TYPE_CHECKING:
    from fhircase.mapping import compiled as compiling

app = typer.Typer(help="The mapping files: list, check and explain them.", no_args_is_help=True)

app.add_typer(tables.app, name="tables")

# R4B is R4's shape.
CHECKED = ("R4", "R5")


@app.command("list")
@told
def list_() -> None:
    """List the shipped mappings and overlays."""
    from fhircase.mapping import files
    from fhircase.mapping.compiled import compiled

    rows = []
    for name in files.names():
        mapping = compiled(name, "R4")
        types = ", ".join(dict.fromkeys(mapping.types.values()))
        rows.append((name, mapping.kind, "R4, R4B, R5", types))
    for place in sorted((files.folder() / "overlays").glob("*.yaml")):
        for document in files.documents(place):
            over = ", ".join(str(each) for each in document.get("over", ()))
            rows.append((str(document.get("overlay", place.stem)), "overlay", "", f"over {over}"))
    table("", ("name", "record", "FHIR", "resources"), rows)


@app.command()
@told
def check(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE|NAME]...", help="Mapping or overlay files; all shipped ones without.", show_default=False
        ),
    ] = None,
    overlay: Overlays = None,
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Check again at each change of a file, until Ctrl-C."),
    ] = False,
) -> None:
    """Check mapping files for R4 and R5 and name every problem; shipped ones alone and with each shipped overlay."""
    from fhircase.cli.own import here
    from fhircase.mapping import files as mapping_files

    here()
    given, overlays = list(files or mapping_files.names()), tuple(overlay or ())
    # What is shipped has to be right with whatever is shipped to be laid over it.
    beside = [] if files or overlay else mapping_files.overlays()
    if watch:
        from fhircase.cli.watching import check_again

        check_again(lambda: _all_problems(given, overlays, beside), (*given, *overlays))
        return
    if complain(_all_problems(given, overlays, beside)):
        exits.leave([exits.USAGE])
    also = f", alone and with each of {amount(len(beside), 'overlay')}" if beside else ""
    say(f"{amount(len(given), 'mapping')} checked for {' and '.join(CHECKED)}{also}: no problems")


def _all_problems(given: list[str], overlays: tuple[str, ...], beside: list[str]) -> list[Problem]:
    """What is wrong with any of them, in either version; what is wrong in several ways is told once."""
    from fhircase.mapping import files

    try:
        found = [problem for each in given for problem in _problems(each, overlays, CHECKED)]
        for name, over in product(given, beside):
            versions = [version for version in CHECKED if files.applied(name, (over,), version)]
            found += _problems(name, (over,), versions)
        return list(dict.fromkeys(found))
    except MappingFileError as error:
        return list(error.problems)


def _problems(name: str, overlays: tuple[str, ...], versions: Iterable[str]) -> Iterator[Problem]:
    from fhircase.mapping.compiled import compiled

    for version in versions:
        for base, over in _bases(name, overlays):
            try:
                compiled(base, version, over)
            except MappingFileError as error:
                yield from error.problems


def _bases(name: str, overlays: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A mapping by itself; an overlay file over each mapping that it names."""
    from fhircase.mapping import files

    place = Path(name)
    if place.suffix in (".yaml", ".yml"):
        for document in files.documents(place):
            if "overlay" in document:
                for over in _overlaid(document, place.name):
                    yield over, (*overlays, name)
            else:
                yield name, overlays
    else:
        yield name, overlays


def _overlaid(document: Mapping[str, Any], file: str) -> list[str]:
    """The mappings that an overlay says it lies over.

    Raises:
        MappingFileError: it names none, or one that is not there.
    """
    from fhircase.mapping import files

    over, known = document.get("over"), files.names()
    named = [str(each) for each in over] if isinstance(over, list) else []
    found = [name for name in named if name in known]
    others = {form for name in files.overlays() for form in (name, name.partition("@")[0])}
    if not found or not set(named) <= {*found, *others}:
        hint = f"write a list of some of: {', '.join(known)}"
        raise MappingFileError(Problem("lies over no mapping, or over one that is not there", "over", "", hint, file))
    return found


@app.command()
@told
def schema(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", help="Files whose own types and tables it should know, too."),
    ] = None,
    file: Output = None,
) -> None:
    """Write the JSON Schema of mapping files, by which editors complete them."""
    from fhircase.cli.files import output
    from fhircase.fhir import jsontext
    from fhircase.mapping import files as mapping_files
    from fhircase.mapping.schema import schema as made

    documents = [document for each in files or () for document in mapping_files.documents(Path(each))]
    with output(file) as stream:
        stream.write(jsontext.pretty(made(documents)).encode())


@app.command()
@told
def unknown(ledger: Ledger = None, as_json: AsJson = False, config: Config = None) -> None:
    """Show the codes that were met and that no table knows: with a row for each, what waits for it is read."""
    from fhircase.cli import unknown as worklist

    exits.leave([worklist.show(ledger, config, as_json=as_json)])


@app.command()
@told
def new(
    model: Annotated[
        str, typer.Option("--model", metavar="PACKAGE.MODULE:CLASS", help="A class of yours.", show_default=False)
    ] = "",
    schema: Annotated[
        Path | None, typer.Option("--schema", metavar="FILE", help="Or a JSON Schema of your records.")
    ] = None,
    resource: Annotated[
        list[str] | None,
        typer.Option(
            "--resource", metavar="TYPE", help="What a record is in FHIR. Repeatable: then what it refers to."
        ),
    ] = None,
    namespace: Annotated[
        str, typer.Option("--namespace", metavar="URI", help="How the URIs of your identifiers and extensions begin.")
    ] = "",
    extensions: Annotated[
        bool, typer.Option("--extensions", help="Give each field without an element an extension of yours.")
    ] = False,
    file: Output = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a mapping to start from for records of your own: all that can be guessed, and what you have to decide."""
    from fhircase.cli import scaffold

    scaffold.new(scaffold.Wanted(model, schema, resource or [], namespace, extensions=extensions), file, force=force)


@app.command("test")
@told
def run_samples(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE|NAME]...", help="Mappings or overlays; all shipped ones without."),
    ] = None,
    overlay: Overlays = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Write what the samples are expected to be as they are now.")
    ] = False,
) -> None:
    """Run the samples beside mapping files, from record to resources and from resources to record."""
    from fhircase.cli import samples

    exits.leave([samples.accepted(files, overlay or ()) if accept else samples.run(files, overlay or ())])


@app.command()
@told
def explain(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A mapping: case, care-plan, referral, ...")],
    fhir: Fhir = Version.R4,
    overlay: Overlays = None,
) -> None:
    """Show each rule of a mapping: the field, its kind, and its places in FHIR."""
    from fhircase.mapping.compiled import compiled
    from fhircase.mapping.explained import told as told_rules

    mapping = compiled(name, fhir.value, tuple(overlay or ()))
    rows = (
        (each.field, each.kind, "\n".join(each.places), "\n".join(each.codes), each.where)
        for each in told_rules(mapping)
    )
    table(_title(mapping), ("field", "rule", "places in FHIR", "codes", "written in"), rows)


@app.command()
@told
def docs(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE|NAME]...", help="Mappings; all shipped ones without.", show_default=False),
    ] = None,
    overlay: Overlays = None,
    folder: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the pages go.")] = Path(),
) -> None:
    """Write a page about each mapping and each code table, in Markdown."""
    from fhircase.mapping import files
    from fhircase.mapping.pages import pages

    made = pages(list(names or files.names()), tuple(overlay or ()))
    for name, text in made.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="\n")
    say(f"{amount(len(made), 'page')} in {folder}")


def _title(mapping: "compiling.Mapping") -> str:
    roles = ", ".join(f"{role} is a {kind}" for role, kind in mapping.types.items())
    return f"{mapping.name} for {mapping.version}: {roles}"
