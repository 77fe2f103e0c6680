"""However a resource is referred to, it is found; whatever is not at hand stays a link."""

from typing import Any

import pytest
from tests.mapping.examples import BOTH, CASE, PLAN, REFERRAL, but, every, only, refused, written

from fhircase.mapping import from_fhir, to_fhir
from fhircase.model import Client, Concept, Goal, Link, PersonName

OURS = {"system": "https://hospital.example/goal", "value": "P-1:g1"}


def plan_whose_first_goal_is(reference: dict[str, Any]) -> list[dict[str, Any]]:
    resources = written(PLAN)
    resources[0]["goal"][0] = reference
    resources[1]["id"] = "17"
    return resources


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Goal/17"},
        {"reference": "Goal/17/_history/3"},
        {"reference": "urn:uuid:17"},
        {"type": "Goal", "identifier": OURS},
        {"reference": "https://server.example/fhir/Goal/17"},
        {"reference": "https://server.example/fhir/Goal/17/_history/3"},
    ],
    ids=["relative", "versioned", "urn:uuid", "logical", "absolute", "absolute and versioned"],
)
def test_a_goal_is_found_however_it_is_referred_to_and_the_reference_stays(reference: dict[str, Any]) -> None:
    resources = plan_whose_first_goal_is(reference)
    reading = from_fhir(resources, server="https://server.example/fhir")
    assert [goal.id for goal in reading.record.goals] == ["g1", "g2"]
    changed = but(reading.record, title="Back home")
    again = to_fhir(changed, onto=resources, server="https://server.example/fhir")
    assert only(again, "CarePlan")["goal"] == resources[0]["goal"]


def test_a_goal_that_is_not_at_hand_is_left_over_and_its_reference_stays() -> None:
    resources = plan_whose_first_goal_is({"reference": "Goal/elsewhere"})
    reading = from_fhir(resources)
    assert [goal.id for goal in reading.record.goals] == ["g2"]
    again = to_fhir(but(reading.record, goals=(*reading.record.goals, Goal(id="g3"))), onto=resources)
    first, second, third = only(again, "CarePlan")["goal"]
    assert first == {"reference": "Goal/elsewhere"}
    assert second == resources[0]["goal"][1]
    assert third["reference"].startswith("urn:uuid:")


def test_a_reference_to_a_resource_of_another_type_is_not_followed() -> None:
    resources = plan_whose_first_goal_is({"reference": "Organization/1"})
    resources.append({"resourceType": "Organization", "id": "1"})
    assert [goal.id for goal in from_fhir(resources).record.goals] == ["g2"]


def contained() -> dict[str, Any]:
    inside = {"resourceType": "Goal", "id": "inside", "lifecycleStatus": "active", "description": {"text": "Eat"}}
    plan = {
        "resourceType": "CarePlan",
        "id": "5",
        "status": "active",
        "intent": "plan",
        "goal": [{"reference": "#inside"}],
    }
    return {**plan, "contained": [inside, {"resourceType": "Patient", "id": "p"}]}


def test_a_contained_goal_is_read_and_written_in_its_place() -> None:
    reading = from_fhir(contained())
    (goal,) = reading.record.goals
    assert (goal.id, goal.description, goal.lifecycle) == ("inside", Concept(text="Eat"), "active")
    changed = but(reading.record, goals=(but(goal, lifecycle="completed"),))
    (plan,) = to_fhir(changed, onto=[contained()])
    assert plan["contained"][0] == {**contained()["contained"][0], "lifecycleStatus": "completed"}
    assert plan["contained"][1:] == contained()["contained"][1:]
    assert plan["goal"] == contained()["goal"]


def test_a_contained_goal_that_is_taken_out_goes_with_its_reference_alone() -> None:
    reading = from_fhir(contained())
    (plan,) = to_fhir(but(reading.record, goals=()), onto=[contained()])
    assert "goal" not in plan
    assert plan["contained"] == contained()["contained"][1:]


@BOTH
def test_a_link_to_one_of_our_records_keeps_the_address_that_a_server_gave_it(fhir: str) -> None:
    resources = written(PLAN, fhir)
    case = only(resources, "CarePlan")["extension"][0]["valueReference"]
    case["reference"] = "EpisodeOfCare/12"
    reading = from_fhir(resources, fhir)
    assert reading.record.case == PLAN.case
    again = to_fhir(but(reading.record, case=but(PLAN.case, display="The case")), fhir, onto=resources)
    assert only(again, "CarePlan")["extension"][0]["valueReference"] == {**case, "display": "The case"}


def test_a_link_that_points_elsewhere_loses_what_was_said_of_the_old_one() -> None:
    resources = written(REFERRAL)
    resources[0]["requester"] = {
        "reference": "Practitioner/1",
        "identifier": {"system": "http://npi.example", "value": "1", "assigner": {"display": "NPI"}},
        "display": "One",
        "extension": [{"url": "http://elsewhere.example/x", "valueBoolean": True}],
    }
    changed = but(from_fhir(resources).record, sender=Link(reference="Practitioner/2"))
    assert only(to_fhir(changed, onto=resources), "ServiceRequest")["requester"] == {
        "reference": "Practitioner/2",
        "extension": [{"url": "http://elsewhere.example/x", "valueBoolean": True}],
    }


@BOTH
def test_references_between_new_resources_are_urns_of_their_temporary_ids(fhir: str) -> None:
    resources = to_fhir(REFERRAL, fhir)
    request = only(resources, "ServiceRequest")
    assert {task["focus"]["reference"] for task in every(resources, "Task")} == {f"urn:uuid:{request['id']}"}


def test_a_new_resource_refers_to_one_that_a_server_has_by_its_address() -> None:
    resources = written(but(REFERRAL, offers=()))
    resources[0]["id"] = "77"
    (task,) = every(to_fhir(but(REFERRAL, offers=REFERRAL.offers[:1]), onto=resources), "Task")
    assert task["focus"] == {"reference": "ServiceRequest/77"}


def test_a_reference_that_is_no_reference_is_refused() -> None:
    resources = written(REFERRAL)
    resources[0]["requester"] = "Practitioner/1"
    (problem,) = refused(lambda: from_fhir(resources))
    assert "a Reference was expected at `req.requester`" in problem


@BOTH
def test_a_reference_that_is_no_fhir_and_should_lead_to_a_resource_of_ours_is_told_once(fhir: str) -> None:
    resources = written(CASE, fhir)
    only(resources, "Task")["focus"] = ["EpisodeOfCare/1"]
    found = [problem for problem in refused(lambda: from_fhir(resources, fhir)) if "task.focus" in problem]
    assert len(found) == 1
    assert found[0].startswith("`focus` is not a list @ task.focus")


@BOTH
def test_a_reference_that_is_no_fhir_is_left_where_another_led_there(fhir: str) -> None:
    case = but(CASE, client=Client(names=(PersonName(family="Merriwold"),)))
    resources = written(case, fhir)
    episode = only(resources, "EpisodeOfCare")
    episode["patient"] = [episode["patient"]]
    reading = from_fhir(resources, fhir)
    assert reading.record == case
    assert [entry.fate for entry in reading.report if entry.pointer.startswith("/patient/")] == ["leftover"]
    assert to_fhir(reading.record, fhir, onto=reading.resources) == resources
