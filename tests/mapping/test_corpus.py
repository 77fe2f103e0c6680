"""The mapping's laws over real resources: `fixtures/corpus`, from public implementation guides and test suites."""

import random
from pathlib import Path
from typing import Any

import pytest

from fhircase.errors import ResourceRefused
from fhircase.fhir import jsontext
from fhircase.mapping import Reading, from_bundle, from_fhir, to_fhir
from fhircase.model import Note, record_type

CORPUS = Path(__file__).parents[2] / "fixtures" / "corpus"
TYPES = ["CarePlan", "Task", "ServiceRequest", "Goal", "Condition", "EpisodeOfCare", "CareTeam", "Procedure", "Bundle"]
EVERY = pytest.mark.parametrize(("fhir", "kind"), [(fhir, kind) for fhir in ("R4", "R5") for kind in TYPES])

# What is refused, and why that is right. Everything else is read.
REFUSED = {
    "cumulus__1ec47e04cbdc4cdd2afe3b3096a257859a37b9a4e29a2ce9e6cdfc1144135eaa.json": "it follows rules of its own",
    "testcases__example.json": "R5 made EpisodeOfCare.diagnosis.condition a list, and it has an object there",
}


def files(fhir: str, kind: str) -> list[Path]:
    return sorted((CORPUS / fhir / kind).glob("*.json"))


def readings(file: Path, fhir: str) -> list[Reading]:
    return list(from_bundle(jsontext.decode(file.read_bytes()), fhir).readings)


@EVERY
def test_real_resources_are_read_unless_they_are_invalid_or_unsafe(fhir: str, kind: str) -> None:
    refused = {
        file.name: [str(problem) for refusal in found.refused for problem in refusal.problems]
        for file in files(fhir, kind)
        if (found := from_bundle(jsontext.decode(file.read_bytes()), fhir)).refused
    }
    assert {name: problems for name, problems in refused.items() if name not in REFUSED} == {}
    assert files(fhir, kind) or (fhir, kind) == ("R5", "Bundle")


@EVERY
def test_reading_and_writing_back_changes_no_byte(fhir: str, kind: str) -> None:
    for file in files(fhir, kind):
        for reading in readings(file, fhir):
            before = jsontext.encode(list(reading.resources))
            assert jsontext.encode(to_fhir(reading.record, fhir, onto=reading.resources)) == before, file.name


@EVERY
def test_a_note_added_changes_nothing_but_notes_and_the_generated_narrative(fhir: str, kind: str) -> None:
    for file in files(fhir, kind):
        for reading in readings(file, fhir):
            changed = reading.record.model_copy(update={"notes": (*reading.record.notes, Note(text="changed"))})
            written = to_fhir(changed, fhir, onto=reading.resources)
            for old, new in zip(reading.resources, written, strict=False):
                differing = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
                generated = old.get("text", {}).get("status") == "generated"
                assert differing <= ({"note", "text"} if generated else {"note"}), file.name


@EVERY
def test_every_scalar_of_a_real_resource_has_one_fate_and_it_is_true(fhir: str, kind: str) -> None:
    dice = random.Random(7)
    for file in files(fhir, kind):
        for reading in readings(file, fhir):
            report = reading.report
            assert len({(e.resource, e.pointer) for e in report}) == len(report)
            for fate in ("leftover", "carried"):
                some = [e for e in report if e.fate == fate and isinstance(e.value, str)]
                for entry in dice.sample(some, min(3, len(some))):
                    same = reread(reading, entry, fhir) == reading.record
                    assert same == (fate == "leftover"), (file.name, entry)


def reread(reading: Reading, entry: Any, fhir: str) -> Any:
    """The record when that one scalar says something else; None when it is then refused."""
    resources = jsontext.decode(jsontext.encode(list(reading.resources)))
    node = resources[entry.resource]
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in entry.pointer.split("/")[1:]]
    for part in way:
        node = node[int(part)] if isinstance(node, list) else node[part]
    node[int(last) if isinstance(node, list) else last] = f"{entry.value}x"
    try:
        return from_fhir(resources, fhir, record_type(reading.record)).record
    except ResourceRefused:
        return None


@pytest.mark.parametrize("fhir", ["R4", "R5"])
def test_one_real_record_written_onto_the_resources_of_another_is_read_as_what_was_written(fhir: str) -> None:
    found: dict[str, list[Reading]] = {}
    for kind in TYPES:
        for reading in (reading for file in files(fhir, kind) for reading in readings(file, fhir)):
            nature = getattr(reading.record, "nature", "")
            found.setdefault(f"{record_type(reading.record)} {nature}", []).append(reading)
    for alike in found.values():
        for number, reading in enumerate(alike):
            other = alike[(number + 7) % len(alike)].record
            record = other.model_copy(update={"key": reading.record.key})
            written = to_fhir(record, fhir, onto=reading.resources)
            assert from_fhir(written, fhir, record_type(record)).record == record
