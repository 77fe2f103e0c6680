"""`fhircase read`: resources to records."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.files import output
from fhircase.cli.intake import Intake
from fhircase.cli.options import Config, Fhir, Files, MappingFile, Output, Overlays, Version
from fhircase.cli.screen import amount, complain, say, watched

if TYPE_CHECKING:
    from fhircase.mapping import Readings
    from fhircase.mapping.compiled import Mapping


@told
def read(
    files: Files = None,
    fhir: Fhir = Version.R4,
    overlay: Overlays = None,
    mapping: MappingFile = None,
    file: Output = None,
    leftovers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write here, as NDJSON, what no rule of the mappings owns.")
    ] = None,
    server: Annotated[
        str,
        typer.Option(metavar="NAME|URL", help="Where the resources are from: part of the key of records born there."),
    ] = "",
    config: Config = None,
) -> None:
    """Make records of FHIR resources: of NDJSON, lists, Bundles or single resources."""
    from fhircase.cli.own import bound
    from fhircase.config import load
    from fhircase.fhir import jsontext
    from fhircase.mapping import from_bundle
    from fhircase.records import places, write_records

    settings = load(config)
    intake = Intake(files)
    found = list(watched(intake.resources(), "resources"))
    sources = {id(resource): source for each in found for resource, source in places(each)}
    overlays = (*settings.overlays, *(overlay or ()))
    base = settings.server(server).url if server else ""
    own = bound(mapping, fhir.value, overlays) if mapping else None
    readings = from_bundle([each.resource for each in found], fhir.value, overlays, base, mapping=mapping)
    for refused in readings.refused:
        where = sources.get(id(refused.resource), "")
        complain(_placed(problem, refused.resource, where) for problem in refused.problems)
    with output(file) as stream:
        if own is None or own.model.ours:
            write_records((reading.record for reading in readings.readings), stream)
        else:
            stream.writelines(jsontext.encode(own.model.dump(each.record)) + b"\n" for each in readings.readings)
    if leftovers is not None:
        with output(leftovers) as stream:
            for left in _leftovers(readings):
                stream.write(jsontext.encode(left) + b"\n")
    _sum_up(readings, intake)
    nothing = readings.unclaimed and not readings.readings
    if nothing:
        say(f"no record is here; records are made of {', '.join(_types(fhir.value, overlays, own))}")
    if readings.refused and not own:
        _hint_at_another_version([each.resource for each in found], len(readings.refused), fhir, overlays)
    exits.leave([exits.BAD_INPUT if intake.bad or readings.refused or nothing else exits.DONE])


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


def _placed(problem: Any, resource: Any, where: str) -> Any:
    """A problem with file and line, and with the resource where its path does not say it."""
    named = name_of(resource)
    source = f"{where}: {named}" if where and named else where or named
    return replace(problem, source=problem.source or source)


def name_of(resource: Any) -> str:
    """`Task/12`, or just `Task` where there is no id."""
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        return ""
    return (
        f"{resource['resourceType']}/{resource['id']}"
        if isinstance(resource.get("id"), str)
        else resource["resourceType"]
    )


def _leftovers(readings: "Readings") -> Iterator[dict[str, Any]]:
    for reading in readings.readings:
        for entry in reading.leftovers:
            yield {
                "resource": name_of(reading.resources[entry.resource]),
                "pointer": entry.pointer,
                "value": entry.value,
            }
    for resource in readings.unclaimed:
        yield {"resource": name_of(resource), "pointer": "", "value": resource}


def _sum_up(readings: "Readings", intake: Intake) -> None:
    kinds = Counter(resource["resourceType"] for resource in readings.unclaimed)
    if kinds:
        listed = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
        say(f"part of no record: {listed}")
    if readings.refused:
        say(f"{amount(len(readings.refused), 'resource')} refused; the rest went on")
    intake.sum_up("line")
