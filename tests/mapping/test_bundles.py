"""Everything in a Bundle is read once: as a record, as a part of one, refused with reasons, or left as nobody's."""

import random
from typing import Any

import pytest
from tests.mapping.examples import BOTH, CASE, PLAN, REFERRAL, but, only, written

from fhircase.mapping import from_bundle
from fhircase.model import Concept, Goal, Need

ALL = (REFERRAL, PLAN, CASE)


def bundle(resources: list[Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources], **more}


def everything(fhir: str) -> list[Any]:
    return [resource for record in ALL for resource in written(record, fhir)]


@BOTH
def test_cases_are_read_first_then_plans_then_referrals(fhir: str) -> None:
    found = from_bundle(bundle(everything(fhir)), fhir)
    assert [reading.record for reading in found.readings] == [CASE, PLAN, REFERRAL]
    assert (found.refused, found.unclaimed) == ((), ())


@BOTH
def test_the_order_of_the_resources_does_not_matter(fhir: str) -> None:
    resources = everything(fhir)
    random.Random(1).shuffle(resources)
    read = {reading.record.key.kind: reading.record for reading in from_bundle(resources, fhir).readings}
    assert read["case"] == CASE
    assert read["care-plan"].goals == PLAN.goals
    assert read["referral"] == REFERRAL


@BOTH
def test_a_resource_that_is_part_of_a_record_is_no_record_of_its_own(fhir: str) -> None:
    found = from_bundle(everything(fhir), fhir)
    used = [id(resource) for reading in found.readings for resource in reading.resources]
    assert len(set(used)) == len(used) == len(everything(fhir))


@BOTH
def test_goals_needs_and_tasks_that_nobody_claims_are_records(fhir: str) -> None:
    goal = {"resourceType": "Goal", "id": "1", "lifecycleStatus": "active", "description": {"text": "Eat"}}
    need = {"resourceType": "Condition", "id": "1", "code": {"text": "Food"}}
    task = {"resourceType": "Task", "id": "1", "status": "requested", "intent": "order"}
    records = [reading.record for reading in from_bundle([goal, need, task], fhir).readings]
    assert [record.key.kind for record in records] == ["work-item", "need", "goal"]
    assert isinstance(records[1], Need)
    assert isinstance(records[2], Goal)
    assert records[2].description == Concept(text="Eat")


@BOTH
def test_people_and_places_are_nobodys(fhir: str) -> None:
    others = [{"resourceType": "Practitioner", "id": "1"}, {"resourceType": "Basic", "id": "2"}]
    found = from_bundle([*others, *written(CASE, fhir)], fhir)
    assert list(found.unclaimed) == others


def test_bundles_within_bundles_are_read_as_one() -> None:
    first, *rest = written(PLAN)
    found = from_bundle(bundle([bundle([first]), bundle([bundle(rest)])]))
    assert [reading.record for reading in found.readings] == [PLAN]


def test_references_are_followed_by_the_full_urls_of_entries() -> None:
    plan, goal, _ = written(PLAN)
    plan["goal"] = [{"reference": "https://a.example/fhir/Goal/1"}, {"reference": "urn:uuid:other"}]
    goal["id"] = "1"
    entries = [{"fullUrl": "https://a.example/fhir/CarePlan/1", "resource": plan}]
    entries.append({"fullUrl": "https://a.example/fhir/Goal/1", "resource": goal})
    entries.append({"fullUrl": "urn:uuid:other", "resource": {**only(written(PLAN)[2:], "Goal"), "id": "9"}})
    (reading,) = from_bundle({"resourceType": "Bundle", "type": "collection", "entry": entries}).readings
    assert [each.id for each in reading.record.goals] == ["g1", "g2"]


@BOTH
def test_one_bad_record_does_not_stop_the_others(fhir: str) -> None:
    resources = everything(fhir)
    only(resources, "CarePlan")["status"] = "bogus"
    found = from_bundle(resources, fhir)
    assert [reading.record.key.kind for reading in found.readings][:2] == ["case", "referral"]
    (refusal,) = found.refused
    assert refusal.resource is only(resources, "CarePlan")
    assert [problem.what for problem in refusal.problems] == ["unknown code `bogus`"]


@pytest.mark.parametrize("thing", [None, 1, "x", [], {}, {"resourceType": None}, {"id": "1"}])
def test_what_is_no_resource_is_refused_and_the_rest_read(thing: Any) -> None:
    found = from_bundle([thing, *written(CASE)])
    assert [reading.record for reading in found.readings] == [CASE]
    assert [refusal.problems[0].what for refusal in found.refused] == ["not a FHIR resource: `resourceType` is missing"]


@pytest.mark.parametrize("entry", [None, [], [None], [{}], [{"resource": None}], [{"response": {"status": "200"}}]])
def test_a_bundle_without_resources_is_empty(entry: Any) -> None:
    found = from_bundle({"resourceType": "Bundle", "type": "searchset", "entry": entry})
    assert (found.readings, found.refused, found.unclaimed) == ((), (), ())


@BOTH
def test_a_goal_that_two_plans_share_is_read_in_both_and_never_alone(fhir: str) -> None:
    goal = {"resourceType": "Goal", "id": "1", "lifecycleStatus": "active", "description": {"text": "Eat"}}
    plans = [
        {"resourceType": "CarePlan", "id": n, "status": "active", "intent": "plan", "goal": [{"reference": "Goal/1"}]}
        for n in "12"
    ]
    found = from_bundle([goal, *plans], fhir)
    assert [reading.record.key.value for reading in found.readings] == ["CarePlan/1", "CarePlan/2"]
    assert [[each.id for each in reading.record.goals] for reading in found.readings] == [["1"], ["1"]]


@BOTH
def test_a_task_of_a_case_and_its_episode_are_one_case(fhir: str) -> None:
    other = but(CASE, key=but(CASE.key, value="C-2"))
    found = from_bundle([*written(CASE, fhir), *written(other, fhir)], fhir)
    assert [reading.record.key.value for reading in found.readings] == ["C-1", "C-2"]


@pytest.mark.parametrize("entry", [7, {"resource": {"resourceType": "Goal"}}, "x"])
def test_a_bundle_whose_entries_are_no_list_is_refused_by_its_place(entry: Any) -> None:
    inner = {"resourceType": "Bundle", "entry": entry}
    found = from_bundle({"resourceType": "Bundle", "entry": [{"resource": inner}]})
    ((refused,), (problem,)) = found.refused, found.refused[0].problems
    assert (refused.resource, problem.path, found.unclaimed) == (inner, "Bundle.entry", ())
