"""Text to FHIR resources: NDJSON, lists, Bundles and single resources, each with the line it came from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import msgspec

from fhircase.errors import Problem
from fhircase.records.pieces import Cut, Piece, elements, piece_of, pieces


@dataclass(frozen=True, slots=True)
class Found:
    """A resource or Bundle of a file, or why there is none."""

    source: str
    """File and line."""
    text: bytes
    resource: Any = None
    problems: tuple[Problem, ...] = ()


def read_resources(stream: BinaryIO, name: str = "-") -> Iterator[Found]:
    """Read resources from NDJSON, a JSON list, or the one (most often a Bundle) that a JSON file holds."""
    for piece in pieces(stream, name):
        yield _found(piece)


def read_resource(cut: Cut) -> Found:
    """Read the resource or Bundle in one piece of a file."""
    return _found(piece_of(cut))


def _found(piece: Piece) -> Found:
    if piece.problem is not None:
        return Found(piece.source, piece.text, problems=(piece.problem,))
    value = piece.value
    if isinstance(value, dict) and isinstance(value.get("resourceType"), str):
        if value["resourceType"] == "Bundle" and not _is_list_of_objects(value.get("entry", [])):
            problem = Problem("not a list of objects", "Bundle.entry", source=piece.source, hint="correct the Bundle")
            return Found(piece.source, piece.text, problems=(problem,))
        return Found(piece.source, piece.text, value)
    if isinstance(value, dict) and "record" in value:
        hint = "`fhircase map` makes resources of records"
        problem = Problem("a record, not a FHIR resource", source=piece.source, hint=hint)
    else:
        hint = 'a resource is an object with "resourceType"'
        problem = Problem("not a FHIR resource", source=piece.source, hint=hint)
    return Found(piece.source, piece.text, problems=(problem,))


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def places(found: Found) -> Iterator[tuple[Any, str]]:
    """Each resource that was found, those inside a Bundle one by one, with file and line."""
    if found.resource is None:
        return
    entries = found.resource.get("entry") if found.resource.get("resourceType") == "Bundle" else None
    if entries is None:
        yield found.resource, found.source
        return
    name, _, start = found.source.rpartition(":")
    for entry, line in zip(entries, _entry_lines(found.text, int(start)), strict=True):
        if entry.get("resource") is not None:
            yield entry["resource"], f"{name}:{line}"


def _entry_lines(text: bytes, start: int) -> Iterator[int]:
    raw = bytes(msgspec.json.decode(text, type=dict[str, msgspec.Raw])["entry"])
    at = start + text.count(b"\n", 0, text.index(raw))
    return (line for line, _ in elements(raw, at))
