"""The mapping's laws over real resources: `fixtures/corpus`, from public implementation guides and test suites."""

import random
from pathlib import Path

import pytest

from fhircase.fhir import jsontext
from fhircase.mapping import Reading, from_bundle, from_fhir, to_fhir
from fhircase.mapping.laws import Donors, broken
from fhircase.model import record_type

CORPUS = Path(__file__).parents[2] / "fixtures" / "corpus"
TYPES = [
    "CarePlan",
    "Task",
    "ServiceRequest",
    "Goal",
    "Condition",
    "EpisodeOfCare",
    "CareTeam",
    "Procedure",
    "Consent",
    "Bundle",
]
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
def test_the_laws_hold_for_every_real_resource(fhir: str, kind: str) -> None:
    found = [(file.name, reading) for file in files(fhir, kind) for reading in readings(file, fhir)]
    donors = Donors()
    for _, reading in found:
        donors.add(reading.record)
    wrong = [(name, str(each)) for name, r in found for each in broken(r, donors, fhir, random.Random(name), scalars=5)]
    assert wrong == []


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
