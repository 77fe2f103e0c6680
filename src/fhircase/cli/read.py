"""`fhircase read`: resources to records."""

from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.files import output
from fhircase.cli.intake import Intake
from fhircase.cli.options import Config, Fhir, Files, Jobs, MappingFile, Output, Overlays, Version
from fhircase.cli.resource import leftovers_of, name_of, placed
from fhircase.cli.screen import amount, complain, say, watched
from fhircase.cli.streamed import How, run

if TYPE_CHECKING:
    from fhircase.mapping import Readings
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
    from fhircase.cli.own import bound
    from fhircase.cli.unknown import keep
    from fhircase.config import load
    from fhircase.fhir import jsontext
    from fhircase.mapping import from_bundle
    from fhircase.mapping.worklist import Worklist
    from fhircase.records import places, write_records

    if each and mapping:
        raise typer.BadParameter("it does not go with --mapping", param_hint="--each")
    if jobs > 1 and not each:
        raise typer.BadParameter("resources of one record may be anywhere: it goes with --each", param_hint="--jobs")
    settings = load(config)
    intake = Intake(files)
    if each:
        how = How(
            fhir.value,
            (*settings.overlays, *(overlay or ())),
            jobs,
            server=settings.server(server).url if server else "",
            leftovers=leftovers is not None,
        )
        _each(intake, how, file, leftovers, unknown)
        return
    found = list(watched(intake.resources(), "resources"))
    sources = {id(resource): source for one in found for resource, source in places(one)}
    overlays = (*settings.overlays, *(overlay or ()))
    base = settings.server(server).url if server else ""
    own = bound(mapping, fhir.value, overlays) if mapping else None
    readings = from_bundle([one.resource for one in found], fhir.value, overlays, base, mapping=mapping)
    lacking = Worklist()
    for refused in readings.refused:
        where = sources.get(id(refused.resource), "")
        lacking.add(name_of(refused.resource), refused.problems)
        complain(placed(problem, refused.resource, where) for problem in refused.problems)
    with output(file) as stream:
        if own is None or own.model.ours:
            write_records((reading.record for reading in readings.readings), stream)
        else:
            stream.writelines(jsontext.encode(own.model.dump(each.record)) + b"\n" for each in readings.readings)
    if leftovers is not None:
        with output(leftovers) as stream:
            for left in leftovers_of(readings):
                stream.write(jsontext.encode(left) + b"\n")
    keep(lacking, unknown)
    _sum_up(readings, intake)
    nothing = readings.unclaimed and not readings.readings
    if nothing:
        say(f"no record is here; records are made of {', '.join(_types(fhir.value, overlays, own))}")
    if readings.refused and not own:
        _hint_at_another_version([one.resource for one in found], len(readings.refused), fhir, overlays)
    exits.leave([exits.BAD_INPUT if intake.bad or readings.refused or nothing else exits.DONE])


def _each(intake: Intake, how: How, file: Path | None, leftovers: Path | None, unknown: Path | None) -> None:
    """Read line by line, in little memory."""
    from fhircase.cli.unknown import keep

    with output(file) as stream, output(leftovers) if leftovers is not None else nullcontext() as left:
        sums = run(watched(intake.pieces(), "resources"), how, stream, left, reading=True)
    intake.count, intake.bad = intake.count + sums.count, intake.bad + sums.bad
    keep(sums.lacking, unknown)
    _tell(sums.unclaimed, sums.refused, intake)
    nothing = sums.unclaimed and not sums.records
    if nothing:
        say(f"no record is here; records are made of {', '.join(_types(how.fhir, how.overlays, None))}")
    exits.leave([exits.BAD_INPUT if intake.bad or sums.refused or nothing else exits.DONE])


def _types(fhir: str, overlays: tuple[str, ...], own: "Mapping | None") -> list[str]:
    """The types of resources that records begin with."""
    from fhircase.mapping.compiled import all_compiled

    mappings = [own] if own else all_compiled(fhir, overlays)
    anchors = (mapping.types[role] for mapping in mappings for role in mapping.anchors)
    return list(dict.fromkeys(anchors))


def _hint_at_another_version(resources: list[Any], refused: int, fhir: Version, overlays: tuple[str, ...]) -> None:
    from fhircase.mapping import from_bundle

    other = Version.R4 if fhir is Version.R5 else Version.R5
    if len(from_bundle(resources, other.value, overlays).refused) < refused:
        say(f"more of it can be read as {other.value}: try --fhir {other.value}")


def _sum_up(readings: "Readings", intake: Intake) -> None:
    kinds = Counter(resource["resourceType"] for resource in readings.unclaimed)
    _tell(kinds, len(readings.refused), intake)


def _tell(kinds: Counter[str], refused: int, intake: Intake) -> None:
    if kinds:
        listed = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
        say(f"part of no record: {listed}")
    if refused:
        say(f"{amount(refused, 'resource')} refused; the rest went on")
    intake.sum_up("line")
