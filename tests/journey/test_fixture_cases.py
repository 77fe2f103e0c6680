"""Three clients' stories with every stage as a file: each stage maps to the next exactly, and back.

`GOLDEN=write pytest tests/journey/test_fixture_cases.py` writes the stages that are made from others anew; read the
difference before you keep it. What the hospital writes (`1-`) and what the agencies answer (`3-`) is written by hand.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from fhircase.fhir import jsontext
from fhircase.mapping import Readings, from_bundle, to_fhir
from fhircase.model import Key, Record, Referral
from fhircase.records import as_line, read_records

STORIES = sorted(place for place in (Path(__file__).parents[2] / "fixtures" / "cases").iterdir() if place.is_dir())


@pytest.fixture(params=STORIES, ids=lambda place: place.name)
def story(request: pytest.FixtureRequest) -> Path:
    return request.param


def records(place: Path) -> dict[Key, Record]:
    with place.open("rb") as stream:
        lines = list(read_records(stream, place.name))
    assert [line.problems for line in lines if line.problems] == []
    return {line.record.key: line.record for line in lines if line.record and line.record.key}


def bundle(known: dict[Key, Record], version: str) -> bytes:
    resources = [resource for record in known.values() for resource in to_fhir(record, version)]
    entries = [{"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource} for resource in resources]
    return jsontext.pretty({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def read(place: Path, version: str) -> Readings:
    readings = from_bundle(jsontext.decode(place.read_bytes()), version)
    assert (readings.refused, readings.unclaimed) == ((), ())
    return readings


def by_key(readings: Readings) -> dict[Key, Record]:
    return {reading.record.key: reading.record for reading in readings.readings if reading.record.key}


def in_order_of(first: dict[Key, Record], found: dict[Key, Record]) -> bytes:
    return b"".join(as_line(found[key]) for key in first)


def same(made: bytes, place: Path) -> None:
    if os.environ.get("GOLDEN") == "write":
        place.write_bytes(made)
    assert made == place.read_bytes(), f"{place} differs; GOLDEN=write writes it anew"


@pytest.mark.parametrize("version", ["R4", "R5"])
def test_the_hospitals_records_map_to_the_resources_and_back(story: Path, version: str) -> None:
    first, place = records(story / "1-records.ndjson"), story / f"2-{version.lower()}.json"
    same(bundle(first, version), place)
    readings = read(place, version)
    assert in_order_of(first, by_key(readings)) == (story / "1-records.ndjson").read_bytes()
    assert [entry for reading in readings.readings for entry in reading.leftovers] == []


def test_the_agencies_answers_are_read_into_the_records(story: Path) -> None:
    first, answer = records(story / "1-records.ndjson"), by_key(read(story / "3-answer-r4.json", "R4"))
    assert answer.keys() == first.keys()
    same(in_order_of(first, answer), story / "4-records-after.ndjson")
    changed = [key for key, record in answer.items() if record != first[key]]
    assert changed
    assert {key.kind for key in changed} == {"referral"}


def test_records_read_from_an_answer_change_nothing_in_it(story: Path) -> None:
    for reading in read(story / "3-answer-r4.json", "R4").readings:
        written = to_fhir(reading.record, "R4", onto=reading.resources)
        assert [*map(jsontext.encode, written)] == [*map(jsontext.encode, reading.resources)]


def test_the_hospitals_records_onto_an_answer_take_back_only_what_the_agencies_said(story: Path) -> None:
    first = records(story / "1-records.ndjson")
    for reading in read(story / "3-answer-r4.json", "R4").readings:
        record = first[reading.record.key]
        touched = to_fhir(record, "R4", onto=reading.resources)
        moved = {now["resourceType"] for now, was in zip(touched, reading.resources, strict=False) if now != was}
        assert moved <= ({"Task", "Procedure"} if isinstance(record, Referral) else set())


def test_between_them_the_stories_tell_of_every_end() -> None:
    ends: set[Any] = set()
    for place in STORIES:
        after = records(place / "4-records-after.ndjson").values()
        ends |= {offer.status for record in after if isinstance(record, Referral) for offer in record.offers}
    assert {"accepted", "declined", "in-progress", "completed"} <= ends
