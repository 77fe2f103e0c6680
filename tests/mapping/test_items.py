"""Items that are resources of their own: added, changed, reordered, taken out and brought back; nothing disappears."""

from typing import Any

from tests.mapping.examples import BOTH, CASE, PLAN, REFERRAL, but, every, only, written

from fhircase.mapping import from_bundle, from_fhir, to_fhir
from fhircase.model import Activity, Concept, Goal, Link, Need, Offer, Quantity, Review


def ids(resources: Any) -> list[str]:
    return [resource["id"] for resource in resources]


def goal(resources: Any, id: str) -> dict[str, Any]:
    (found,) = [r for r in every(resources, "Goal") if r["identifier"][0]["value"].endswith(f":{id}")]
    return found


@BOTH
def test_a_goal_that_is_taken_out_is_unlinked_and_cancelled_and_still_there(fhir: str) -> None:
    there = written(PLAN, fhir)
    alone = but(PLAN, goals=PLAN.goals[1:], activities=(but(PLAN.activities[0], goals=()), PLAN.activities[1]))
    again = to_fhir(alone, fhir, onto=there)
    assert ids(again) == ids(there)
    assert only(again, "CarePlan")["goal"] == only(there, "CarePlan")["goal"][1:]
    assert goal(again, "g1")["lifecycleStatus"] == "cancelled"
    assert goal(again, "g1")["description"] == {"text": "Eat"}
    assert goal(again, "g2") == goal(there, "g2")
    assert from_fhir(again, fhir).record == alone


@BOTH
def test_a_goal_that_comes_back_is_the_resource_that_it_was(fhir: str) -> None:
    there = written(PLAN, fhir)
    without = to_fhir(but(PLAN, goals=(), activities=()), fhir, onto=there)
    again = to_fhir(PLAN, fhir, onto=without)
    assert ids(again) == ids(there)
    assert from_fhir(again, fhir).record == PLAN
    assert goal(again, "g1")["lifecycleStatus"] == "active"


@BOTH
def test_goals_in_another_order_are_the_same_resources(fhir: str) -> None:
    there = written(PLAN, fhir)
    turned = but(PLAN, goals=PLAN.goals[::-1])
    again = to_fhir(turned, fhir, onto=there)
    assert only(again, "CarePlan")["goal"] == only(there, "CarePlan")["goal"][::-1]
    assert every(again, "Goal") == every(there, "Goal")
    assert from_fhir(again, fhir).record == turned


@BOTH
def test_a_goal_in_the_middle_moves_no_reference_that_is_not_ours(fhir: str) -> None:
    there = written(PLAN, fhir)
    only(there, "CarePlan")["goal"].insert(1, {"reference": "Goal/elsewhere"})
    more = but(PLAN, goals=(PLAN.goals[0], Goal(id="g9"), PLAN.goals[1]))
    references = only(to_fhir(more, fhir, onto=there), "CarePlan")["goal"]
    assert references[1] == {"reference": "Goal/elsewhere"}
    assert from_fhir(to_fhir(more, fhir, onto=there), fhir).record == more


@BOTH
def test_activities_in_another_order_keep_what_is_said_of_each(fhir: str) -> None:
    there = written(PLAN, fhir)
    first = only(there, "CarePlan")["activity"][0]
    first["extension"] = [{"url": "http://elsewhere.example/x", "valueString": "of the first"}]
    turned = but(PLAN, activities=PLAN.activities[::-1])
    again = to_fhir(turned, fhir, onto=there)
    assert only(again, "CarePlan")["activity"] == only(there, "CarePlan")["activity"][::-1]
    assert from_fhir(again, fhir).record == turned


def test_an_activity_that_is_taken_out_of_an_r4_plan_is_gone_from_it() -> None:
    there = written(PLAN)
    again = to_fhir(but(PLAN, activities=PLAN.activities[1:]), onto=there)
    assert only(again, "CarePlan")["activity"] == only(there, "CarePlan")["activity"][1:]


def test_an_activity_that_is_taken_out_of_an_r5_plan_is_a_cancelled_task() -> None:
    there = written(PLAN, "R5")
    again = to_fhir(but(PLAN, activities=PLAN.activities[1:]), "R5", onto=there)
    assert ids(again) == ids(there)
    assert [task["status"] for task in every(again, "Task")] == ["cancelled", "ready"]
    assert len(only(again, "CarePlan")["activity"]) == 1


def test_activities_are_elements_in_r4_and_tasks_in_r5() -> None:
    assert every(to_fhir(PLAN, "R4"), "Task") == []
    plan, tasks = only(to_fhir(PLAN, "R5"), "CarePlan"), every(to_fhir(PLAN, "R5"), "Task")
    assert [each["plannedActivityReference"]["reference"] for each in plan["activity"]] == [
        f"urn:uuid:{task['id']}" for task in tasks
    ]
    assert [(task["intent"], task["status"]) for task in tasks] == [("plan", "in-progress"), ("plan", "ready")]
    assert tasks[1]["businessStatus"]["coding"][0]["code"] == "scheduled"


@BOTH
def test_an_activity_says_which_goals_of_the_plan_it_serves(fhir: str) -> None:
    there = written(PLAN, fhir)
    both = but(PLAN.activities[0], goals=("g2", "g1"))
    again = to_fhir(but(PLAN, activities=(both, PLAN.activities[1])), fhir, onto=there)
    served = again[0]["activity"][0]["detail"]["goal"] if fhir == "R4" else served_in_r5(every(again, "Task")[0])
    assert [each["reference"] for each in served] == [f"urn:uuid:{goal(again, name)['id']}" for name in ("g2", "g1")]


def served_in_r5(task: dict[str, Any]) -> list[dict[str, Any]]:
    return [extension["valueReference"] for extension in task["extension"]]


@BOTH
def test_a_prohibited_activity_is_told_to_be_that(fhir: str) -> None:
    record = but(PLAN, activities=(Activity(id="a", description="Lift", prohibited=True),))
    resources = to_fhir(record, fhir)
    place = resources[0]["activity"][0]["detail"] if fhir == "R4" else only(resources, "Task")
    assert place["doNotPerform"] is True
    assert from_fhir(resources, fhir).record == record


@BOTH
def test_an_offer_that_is_taken_out_refers_to_nothing_and_is_cancelled(fhir: str) -> None:
    there = written(REFERRAL, fhir)
    again = to_fhir(but(REFERRAL, offers=REFERRAL.offers[1:]), fhir, onto=there)
    first, second = every(again, "Task")
    assert ids(again) == ids(there)
    assert first["status"] == "cancelled"
    assert "focus" not in first
    assert second == every(there, "Task")[1]


@BOTH
def test_asking_another_agency_is_another_task_and_changes_no_old_one(fhir: str) -> None:
    there = written(REFERRAL, fhir)
    asked = Offer(id="o3", agency=Link(display="Third"), status="sent", sent="2026-03-01")
    again = to_fhir(but(REFERRAL, offers=(*REFERRAL.offers, asked)), fhir, onto=there)
    assert again[: len(there)] == there
    (new,) = again[len(there) :]
    assert (new["resourceType"], new["status"], new["owner"]) == ("Task", "requested", {"display": "Third"})


@BOTH
def test_an_outcome_that_is_taken_back_was_entered_in_error(fhir: str) -> None:
    there = written(REFERRAL, fhir)
    offer = but(REFERRAL.offers[1], outcomes=())
    again = to_fhir(but(REFERRAL, offers=(REFERRAL.offers[0], offer)), fhir, onto=there)
    assert only(again, "Procedure")["status"] == "entered-in-error"
    assert "output" not in every(again, "Task")[1]


@BOTH
def test_a_need_that_is_taken_out_of_a_case_is_refuted(fhir: str) -> None:
    there = written(CASE, fhir)
    again = to_fhir(but(CASE, needs=()), fhir, onto=there)
    condition = only(again, "Condition")
    assert condition["verificationStatus"]["coding"][0]["code"] == "refuted"
    assert "diagnosis" not in only(again, "EpisodeOfCare")


@BOTH
def test_items_of_the_ehr_are_known_by_its_ids_and_get_no_identifier_of_ours(fhir: str) -> None:
    plan = {
        "resourceType": "CarePlan",
        "id": "1",
        "status": "active",
        "intent": "plan",
        "goal": [{"reference": "Goal/77"}],
    }
    theirs = {"resourceType": "Goal", "id": "77", "lifecycleStatus": "active", "description": {"text": "Eat"}}
    reading = from_fhir([plan, theirs], fhir)
    assert [each.id for each in reading.record.goals] == ["77"]
    changed = but(reading.record, goals=(but(reading.record.goals[0], achievement="achieved"),))
    again = only(to_fhir(changed, fhir, onto=[plan, theirs]), "Goal")
    assert "identifier" not in again
    assert again["achievementStatus"]["coding"][0]["code"] == "achieved"


@BOTH
def test_a_review_is_a_task_about_the_plan(fhir: str) -> None:
    record = but(PLAN, reviews=(Review(id="v1", status="missed", due="2026-05-01"),))
    resources = to_fhir(record, fhir)
    (task,) = [task for task in every(resources, "Task") if "focus" in task]
    assert (task["status"], task["focus"]["reference"]) == ("failed", f"urn:uuid:{resources[0]['id']}")
    assert from_fhir(resources, fhir).record == record


@BOTH
def test_equal_items_without_an_id_of_their_own_are_not_mixed_up(fhir: str) -> None:
    same = Activity(id="a1", quantity=Quantity(unit="h")), Activity(id="a2", quantity=Quantity(unit="h"))
    there = written(but(PLAN, activities=same), fhir)
    changed = but(PLAN, activities=(same[0], but(same[1], description="second")))
    again = to_fhir(changed, fhir, onto=there)
    assert from_fhir(again, fhir).record == changed
    assert only(again, "CarePlan")["activity"][0] == only(there, "CarePlan")["activity"][0]


@BOTH
def test_items_of_two_lists_share_no_id(fhir: str) -> None:
    record = but(CASE, needs=(Need(id="1"), Need(id="2", what=Concept(text="x"))))
    other = but(PLAN, goals=(Goal(id="1"),), activities=(Activity(id="1", goals=("1",)),))
    found = ids(to_fhir(record, fhir)) + ids(to_fhir(other, fhir))
    assert len(set(found)) == len(found)


@BOTH
def test_a_resource_that_is_given_twice_is_one_item(fhir: str) -> None:
    resources = written(REFERRAL, fhir)
    task = every(resources, "Task")[0]
    assert from_fhir([*resources, task], fhir).record == REFERRAL
    found = from_bundle([*resources, task, task], fhir)
    assert [reading.record for reading in found.readings] == [REFERRAL]
    assert found.unclaimed == ()


@BOTH
def test_a_goal_that_is_referred_to_twice_is_one_item_and_goes_with_both(fhir: str) -> None:
    there = written(PLAN, fhir)
    there[0]["goal"].append({**there[0]["goal"][0], "display": "again"})
    assert from_fhir(there, fhir).record == PLAN
    (plan, *_) = to_fhir(but(PLAN, goals=(), activities=()), fhir, onto=there)
    assert "goal" not in plan
