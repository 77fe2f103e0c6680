"""What stands in the way of goals and activities and what helps, and looking back at cases."""

from tests.mapping.examples import BOTH, CASE, PLAN, but, every, only, written

from fhircase.mapping import from_fhir, to_fhir
from fhircase.model import Concept, Link, Review

FEAR = Concept(text="Fear of stairs")
NEED = Link(reference="Condition/7")


def barriers(fhir: str) -> list[dict[str, object]]:
    """The extensions of a plan's first activity."""
    record = but(PLAN, activities=(but(PLAN.activities[0], barriers=(FEAR, NEED)),))
    (activity,) = only(to_fhir(record, fhir), "CarePlan")["activity"]
    return activity["extension"]  # type: ignore[no-any-return]


def test_barriers_stand_in_the_standard_extension_in_r5_and_in_ours_in_r4() -> None:
    ours = "https://fhircase.org/fhir/StructureDefinition/barrier"
    assert barriers("R4") == [
        {"url": ours, "valueCodeableConcept": {"text": "Fear of stairs"}},
        {"url": ours, "valueReference": {"reference": "Condition/7"}},
    ]
    standard = "http://hl7.org/fhir/StructureDefinition/workflow-barrier"
    assert barriers("R5") == [
        {"url": standard, "valueCodeableReference": {"concept": {"text": "Fear of stairs"}}},
        {"url": standard, "valueCodeableReference": {"reference": {"reference": "Condition/7"}}},
    ]


def test_a_barrier_said_in_words_and_by_reference_keeps_both_when_another_is_added() -> None:
    there = written(but(PLAN, goals=(but(PLAN.goals[0], barriers=(FEAR,)),), activities=()), "R5")
    said = only(there, "Goal")["extension"][0]["valueCodeableReference"]
    said["reference"] = {"reference": "Condition/7"}
    record = from_fhir(there, "R5").record
    more = but(record, goals=(but(record.goals[0], barriers=(FEAR, Concept(text="No lift"))),))
    first, second = only(to_fhir(more, "R5", onto=there), "Goal")["extension"]
    assert first["valueCodeableReference"] == said
    assert second["valueCodeableReference"] == {"concept": {"text": "No lift"}}


@BOTH
def test_a_review_of_a_case_is_a_task_about_its_task(fhir: str) -> None:
    record = but(CASE, reviews=(Review(id="v1", status="held", held="2026-05-01", finding="On the way"),))
    resources = to_fhir(record, fhir)
    task, review = every(resources, "Task")
    assert review["focus"]["reference"] == f"urn:uuid:{task['id']}"
    assert review["code"]["coding"][0]["code"] == "case-review"
    assert review["for"] == task["for"]
    assert from_fhir(resources, fhir).record == record


@BOTH
def test_a_case_known_by_its_episode_alone_can_be_reviewed(fhir: str) -> None:
    there = [only(written(CASE, fhir), "EpisodeOfCare")]
    record = but(from_fhir(there, fhir).record, reviews=(Review(id="v1", status="planned", due="2026-05-01"),))
    resources = to_fhir(record, fhir, onto=there)
    assert len(every(resources, "Task")) == 2
    assert from_fhir(resources, fhir).record.reviews == record.reviews
