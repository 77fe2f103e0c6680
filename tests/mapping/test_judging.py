"""The checks of the laws can fail: an engine that breaks one is told, with the law and the place."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from tests.mapping.examples import PLAN, but, written

from fhircase.fhir.jsontext import Json
from fhircase.mapping import from_fhir
from fhircase.mapping.context import Fate
from fhircase.mapping.laws import Donors, broken, checks
from fhircase.mapping.report import Entry


def found(monkeypatch: pytest.MonkeyPatch, spoilt: Callable[[list[Json], Any], list[Json]]) -> list[str]:
    """What is told of an engine whose written resources are spoilt."""
    whole = checks.to_fhir

    def writing(record: Any, fhir: str, onto: list[Json]) -> list[Json]:
        return spoilt(whole(record, fhir, onto), onto if record == reading.record else None)

    reading = from_fhir(written(PLAN))
    donors = Donors()
    donors.add(but(PLAN, title="Home again"))
    monkeypatch.setattr(checks, "to_fhir", writing)
    return sorted({str(each) for each in broken(reading, donors, "R4", random.Random(1), scalars=0)})


def test_of_the_engine_as_it_is_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch, lambda resources, _: resources) == []


def test_a_change_that_is_not_written_is_told_with_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    told = found(monkeypatch, lambda resources, _: written(PLAN))
    assert "law 1: what is written is read as another (title) @ title" in told


def test_what_is_not_the_same_when_written_back_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = found(monkeypatch, lambda resources, same: [{**resources[0], "language": "de"}, *resources[1:]])
    assert "law 2: written back it is another @ " in told


def test_an_element_that_changes_beside_the_changed_field_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoilt(resources: list[Json], same: Any) -> list[Json]:
        return resources if same else [{**resources[0], "language": "de"}, *resources[1:]]

    assert "law 3: differs at /language @ title in CarePlan" in found(monkeypatch, spoilt)


def test_what_is_written_onto_must_not_change_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoilt(resources: list[Json], onto: Any) -> list[Json]:
        if onto:
            onto[0]["language"] = "de"
        return resources

    assert "law 2: what was written onto was changed itself @ " in found(monkeypatch, spoilt)


def test_a_written_resource_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoilt(resources: list[Json], same: Any) -> list[Json]:
        return resources if same else [{**resources[0], "status": "cooking"}, *resources[1:]]

    assert any(each.startswith("law 1: what is written cannot be read: ") for each in found(monkeypatch, spoilt))


def of_report(told: Callable[[Entry], bool], fate: Fate | None, **more: Any) -> set[str]:
    """What is told of a reading, of a plan that says more, too, that gives some scalars another fate, or none."""
    (plan, *others) = written(PLAN)
    reading = from_fhir([{**plan, **more}, *others])
    entries = (replace(entry, fate=fate) if fate and told(entry) else entry for entry in reading.report)
    reading.__dict__["report"] = tuple(entry for entry in entries if fate or not told(entry))
    return {str(each) for each in broken(reading, Donors(), "R4", random.Random(1))}


def test_what_is_carried_and_said_to_be_left_over_is_told() -> None:
    (told,) = of_report(lambda entry: entry.pointer == "/title", "leftover")
    assert told.startswith("law 4: `leftover`, and the record is another without it (care-plan.yaml:")
    assert told.endswith(" title) @ /title")


def test_what_is_left_over_and_said_to_be_carried_is_told() -> None:
    (told,) = of_report(lambda entry: entry.pointer == "/language", "carried", language="de")
    assert told == "law 4: `carried`, and the record is the same without it () @ /language"


def test_a_scalar_of_which_nothing_is_said_is_told() -> None:
    (told,) = of_report(lambda entry: entry.pointer == "/title", None)
    assert told == "law 4: not every scalar has one fate @ [(0, '/title')]"
