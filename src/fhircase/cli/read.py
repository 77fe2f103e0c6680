"""`fhircase read`: resources to records."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.files import output
from fhircase.cli.intake import Intake
from fhircase.cli.options import Config, Fhir, Files, Jobs, MappingFile, Output, Overlays, Version
from fhircase.cli.screen import amount, say, watched
from fhircase.cli.streamed import How, Made, run

if TYPE_CHECKING:
    from fhircase.mapping.compiled import Mapping


@told
def read(  # noqa: PLR0913, PLR0917 - options are arguments
    files: Files = None,
    fhir: Fhir = Version.R4,
    overlay: Overlays = None,
    mapping: MappingFile = None,
    file: Output = None,
    leftovers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write here, as NDJSON, what no rule of the mappings owns.")
    ] = None,
    unknown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write here, as NDJSON, the codes that no code table knows.")
    ] = None,
    server: Annotated[
        str,
        typer.Option(metavar="NAME|URL", help="Where the resources are from: part of the key of records born there."),
    ] = "",
    each: Annotated[
        bool,
        typer.Option("--each", help="Each line holds all of a record's resources (a Bundle): read as it comes."),
    ] = False,
    jobs: Jobs = 1,
    config: Config = None,
) -> None:
    """Make records of FHIR resources: of NDJSON, lists, Bundles or single resources."""
    from fhircase.cli.unknown import keep
    from fhircase.config import load

    if each and mapping:
        raise typer.BadParameter("it does not go with --mapping", param_hint="--each")
    if jobs > 1 and not each:
        raise typer.BadParameter("resources of one record may be anywhere: it goes with --each", param_hint="--jobs")
    settings = load(config)
    intake = Intake(files)
    overlays = (*settings.overlays, *(overlay or ()))
    base = settings.server(server).url if server else ""
    how = How(fhir.value, overlays, jobs, server=base, leftovers=leftovers is not None)
    if each:
        sums, own = _each(intake, how, file, leftovers), None
    else:
        sums, own = _anywhere(intake, how, mapping, file, leftovers)
    keep(sums.lacking, unknown)
    _sum_up(sums, intake, how, own)


def _each(intake: Intake, how: How, file: Path | None, leftovers: Path | None) -> Made:
    """Read line by line, in little memory."""
    with output(file) as stream, output(leftovers) if leftovers is not None else nullcontext() as left:
        sums = run(watched(intake.cuts(), "resources"), how, stream, left, reading=True)
    intake.count, intake.bad = intake.count + sums.count, intake.bad + sums.bad
    return sums


def _anywhere(
    intake: Intake, how: How, mapping: Path | None, file: Path | None, leftovers: Path | None
) -> "tuple[Made, Mapping | None]":
    """Read what may stand anywhere in the input, once all of it is on disk."""
    from fhircase.cli.anywhere import Anywhere
    from fhircase.cli.own import bound
    from fhircase.mapping.stored_index import StoredIndex

    own = bound(mapping, how.fhir, how.overlays) if mapping else None
    with StoredIndex(how.server) as index:
        anywhere = Anywhere(intake, how, own, index)
        sums = anywhere.read(file, leftovers)
        if sums.refused and own is None:
            other = Version.R4.value if how.fhir == Version.R5.value else Version.R5.value
            if anywhere.refused(other) < sums.refused:
                say(f"more of it can be read as {other}: try --fhir {other}")
    return sums, own


def _sum_up(sums: Made, intake: Intake, how: How, own: "Mapping | None") -> None:
    """Tell how it went, and leave."""
    if sums.unclaimed:
        listed = ", ".join(f"{kind} {count}" for kind, count in sorted(sums.unclaimed.items()))
        say(f"part of no record: {listed}")
    if sums.refused:
        say(f"{amount(sums.refused, 'resource')} refused; the rest went on")
    intake.sum_up("line")
    nothing = sums.unclaimed and not sums.records
    if nothing:
        say(f"no record is here; records are made of {', '.join(_types(how.fhir, how.overlays, own))}")
    exits.leave([exits.BAD_INPUT if intake.bad or sums.refused or nothing else exits.DONE])


def _types(fhir: str, overlays: tuple[str, ...], own: "Mapping | None") -> list[str]:
    """The types of resources that records begin with."""
    from fhircase.mapping.compiled import all_compiled

    mappings = [own] if own else all_compiled(fhir, overlays)
    anchors = (mapping.types[role] for mapping in mappings for role in mapping.anchors)
    return list(dict.fromkeys(anchors))
