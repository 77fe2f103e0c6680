"""`fhircase explain`: which rule owns which element, both ways."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.files import opened
from fhircase.cli.intake import Intake
from fhircase.cli.options import Config, Fhir, Overlays, Version
from fhircase.cli.resource import name_of
from fhircase.cli.screen import complain, say, table

if TYPE_CHECKING:
    from fhircase.mapping import Reading
    from fhircase.mapping.report import Entry


@told
def explain(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of records or of resources.")],
    fhir: Fhir = Version.R4,
    overlay: Overlays = None,
    config: Config = None,
) -> None:
    """Show, for resources, what became of each element and by which rule; for records, where each field goes."""
    from fhircase.config import load

    settings = load(config)
    overlays = (*settings.overlays, *(overlay or ()))
    intake = Intake([file], settings.timezone)
    explained = _records if holds_records(file) else _resources
    refused = explained(intake, fhir.value, overlays)
    exits.leave([exits.BAD_INPUT if intake.bad or refused else exits.DONE])


def holds_records(file: Path) -> bool:
    """Whether the first thing in a file is a record; what is neither is told as a resource would be."""
    from fhircase.records.pieces import pieces

    if str(file) == "-":
        raise typer.BadParameter("a file is needed here, as it is read twice", param_hint="FILE")
    with opened(file) as stream:
        first = next(pieces(stream, str(file)), None)
    return first is not None and isinstance(first.value, dict) and "record" in first.value


def _resources(intake: Intake, fhir: str, overlays: tuple[str, ...]) -> int:
    from fhircase.mapping import from_bundle

    readings = from_bundle([found.resource for found in intake.resources()], fhir, overlays)
    for reading in readings.readings:
        table(
            _title(reading),
            ("element", "value", "what became of it", "by rule", "row of its table"),
            _elements(reading),
        )
    for refused in readings.refused:
        say(f"{name_of(refused.resource)} is refused:")
        complain(refused.problems)
    for resource in readings.unclaimed:
        say(f"{name_of(resource)} is part of no record")
    return len(readings.refused)


def _title(reading: "Reading") -> str:
    return f"{reading.record.key}: {', '.join(name_of(resource) for resource in reading.resources)}"


def _elements(reading: "Reading") -> Iterator[tuple[str, ...]]:
    for entry in reading.report:
        name = reading.resources[entry.resource]["resourceType"]
        fate = "not owned, kept" if entry.fate == "leftover" else entry.fate
        yield f"{name}#{entry.pointer}", _short(entry.value), fate, entry.rule, entry.row


def _records(intake: Intake, fhir: str, overlays: tuple[str, ...]) -> int:
    from fhircase.mapping import from_fhir, to_fhir

    for line in intake.records():
        assert line.record is not None  # noqa: S101 - the intake lets only records pass
        resources = to_fhir(line.record, fhir, overlays=overlays)
        reading = from_fhir(resources, fhir, type(line.record), overlays=overlays)
        columns = ("field", "value", "place in FHIR", "by rule", "row of its table")
        table(f"{line.source}: {line.record.key}", columns, _fields(reading))
    return 0


def _fields(reading: "Reading") -> Iterator[tuple[str, ...]]:
    """Each place that was written, under the field that it says."""
    order: dict[str, list[Entry]] = {}
    for entry in reading.report:
        field = entry.rule.partition(" ")[2]
        if entry.fate in ("carried", "normalised") and not field.startswith("resources."):
            order.setdefault(field, []).append(entry)
    for field, entries in order.items():
        for entry in entries:
            place = f"{reading.resources[entry.resource]['resourceType']}#{entry.pointer}"
            yield field, _short(entry.value), place, entry.rule.partition(" ")[0], entry.row


def _short(value: Any) -> str:
    from fhircase.fhir import jsontext

    text = value if isinstance(value, str) else jsontext.encode(value).decode()
    return text if len(text) <= 60 else f"{text[:59]}…"
