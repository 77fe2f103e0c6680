"""Only what differs is written: everything else stays, to the last digit."""

from decimal import Decimal
from typing import Any

from tests.mapping.examples import BOTH, CASE, CLIENT, PLAN, REFERRAL, but, differing, every, only, written

from fhircase.fhir import jsontext
from fhircase.mapping import from_fhir, to_fhir, write
from fhircase.model import (
    Client,
    Closure,
    Coding,
    Concept,
    Goal,
    Identifier,
    Note,
    Period,
    PersonName,
    Quantity,
    Recurrence,
    StatusChange,
)

UNKNOWN = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
OWN = "https://fhircase.org/fhir/CodeSystem/fhircase"
DOMAIN = "https://fhircase.org/fhir/CodeSystem/referral-domain"
EXACT = "https://fhircase.org/fhir/StructureDefinition/exact-status"
ELSEWHERE = {"url": "http://elsewhere.example/x", "valueString": "theirs"}


@BOTH
def test_what_is_written_onto_is_not_changed_itself(fhir: str) -> None:
    there = written(PLAN, fhir)
    before = jsontext.encode(there)
    to_fhir(but(PLAN, title="Other", goals=(), activities=()), fhir, onto=there)
    assert jsontext.encode(there) == before


@BOTH
def test_what_no_rule_knows_stays_as_it_is(fhir: str) -> None:
    there = written(PLAN, fhir)
    plan = there[0]
    plan["meta"] = {"versionId": "3", "lastUpdated": "2026-01-01T00:00:00.671Z"}
    plan["extension"].insert(0, ELSEWHERE)
    plan["_status"] = {"extension": [ELSEWHERE]}
    plan["unheardOf"] = {"amount": Decimal("72.50")}
    plan["activity"][0]["unheardOf"] = [{"text": "theirs"}]
    (new, *_) = to_fhir(but(PLAN, title="Other"), fhir, onto=there)
    assert differing(plan, new) == {"title", "text"}
    assert jsontext.encode({**new, "title": plan["title"], "text": plan["text"]}) == jsontext.encode(plan)


def test_the_spelling_of_a_value_that_says_the_same_stays() -> None:
    there = written(PLAN)
    there[0]["created"] = "2026-01-01T00:00:00.671Z"
    there[0]["activity"][1]["detail"]["quantity"]["value"] = Decimal("72.50")
    record = from_fhir(there).record
    again = to_fhir(but(record, title="Other"), onto=there)[0]
    assert b'"created":"2026-01-01T00:00:00.671Z"' in jsontext.encode(again)
    assert b'"value":72.50' in jsontext.encode(again)


def test_another_spelling_of_a_number_is_another_value() -> None:
    there = written(PLAN)
    walk = but(PLAN.activities[1], quantity=Quantity(value=Decimal("72.5"), unit="min"))
    again = to_fhir(but(PLAN, activities=(PLAN.activities[0], walk)), onto=there)[0]
    assert b'"value":72.5,' in jsontext.encode(again)


@BOTH
def test_a_changed_value_loses_what_was_said_of_the_old_one(fhir: str) -> None:
    there = written(PLAN, fhir)
    there[0]["_title"] = {"extension": [ELSEWHERE]}
    there[0]["_status"] = {"extension": [ELSEWHERE]}
    new = to_fhir(but(PLAN, title="Other"), fhir, onto=there)[0]
    assert "_title" not in new
    assert new["_status"] == there[0]["_status"]


@BOTH
def test_a_changed_list_of_bare_values_loses_what_was_said_of_the_old_ones(fhir: str) -> None:
    weekly = but(REFERRAL, when=Recurrence(days=("mon", "wed")))
    there = written(weekly, fhir)
    repeat = only(there, "ServiceRequest")["occurrenceTiming"]["repeat"]
    repeat["_dayOfWeek"] = [None, {"extension": [ELSEWHERE]}]
    kept = only(to_fhir(but(weekly, status="completed"), fhir, onto=there), "ServiceRequest")
    assert kept["occurrenceTiming"]["repeat"] == repeat
    moved = but(weekly, when=Recurrence(days=("wed", "fri")))
    new = only(to_fhir(moved, fhir, onto=there), "ServiceRequest")
    assert new["occurrenceTiming"]["repeat"] == {"dayOfWeek": ["wed", "fri"]}


@BOTH
def test_a_number_that_is_the_same_keeps_what_was_said_of_it(fhir: str) -> None:
    often = but(REFERRAL, when=Recurrence(count=1000, every=Decimal(2), unit="d"))
    there = jsontext.decode(jsontext.encode(written(often, fhir)))
    repeat = only(there, "ServiceRequest")["occurrenceTiming"]["repeat"]
    repeat["_count"] = {"extension": [ELSEWHERE]}
    same = only(
        to_fhir(but(often, when=Recurrence(count=1000, every=Decimal(3), unit="d")), fhir, onto=there), "ServiceRequest"
    )
    assert same["occurrenceTiming"]["repeat"] == {**repeat, "period": 3}
    other = only(
        to_fhir(but(often, when=Recurrence(count=1001, every=Decimal(2), unit="d")), fhir, onto=there), "ServiceRequest"
    )
    assert other["occurrenceTiming"]["repeat"] == {"count": 1001, "period": 2, "periodUnit": "d"}


@BOTH
def test_a_changed_code_keeps_no_translation_or_display_of_the_old_one(fhir: str) -> None:
    there = written(REFERRAL, fhir)
    code = only(there, "ServiceRequest")["code"]
    concept = code["concept"] if fhir == "R5" else code
    concept["coding"][0]["_display"] = {"extension": [ELSEWHERE]}
    other = Concept(codings=(Coding(system="http://snomed.info/sct", code="2", display="Parcels"),))
    new = only(to_fhir(but(REFERRAL, service=other), fhir, onto=there), "ServiceRequest")["code"]
    (coding,) = (new["concept"] if fhir == "R5" else new)["coding"]
    assert coding == {"system": "http://snomed.info/sct", "code": "2", "display": "Parcels"}


@BOTH
def test_a_changed_status_keeps_no_translation_of_the_old_one(fhir: str) -> None:
    there = written(CASE, fhir)
    assess = to_fhir(but(CASE, status="assessing"), fhir, onto=there)
    only(assess, "Task")["businessStatus"]["coding"][0]["display"] = "Assessing"
    only(assess, "Task")["businessStatus"]["coding"].append({"system": "http://ehr.example", "code": "assess"})
    only(assess, "Task")["businessStatus"]["text"] = "Being assessed"
    planning = only(to_fhir(but(CASE, status="planning"), fhir, onto=assess), "Task")
    assert planning["businessStatus"] == {"coding": [{"system": OWN, "code": "planning"}]}


@BOTH
def test_a_changed_tag_takes_its_whole_concept_and_no_other(fhir: str) -> None:
    there = written(but(REFERRAL, categories=(Concept(text="theirs"),)), fhir)
    tag, other = only(there, "ServiceRequest")["category"]
    tag["text"] = "Food"
    tag["coding"].append({"system": "http://ehr.example", "code": "food-insecurity"})
    changed = but(REFERRAL, domain="housing", categories=(Concept(text="theirs"),))
    new = only(to_fhir(changed, fhir, onto=there), "ServiceRequest")["category"]
    assert new == [other, {"coding": [{"system": DOMAIN, "code": "housing"}]}]


@BOTH
def test_a_tag_that_two_values_share_stays_as_it_is(fhir: str) -> None:
    there = written(CASE, fhir)
    concern = only(there, "Condition")["category"][0]
    concern["text"] = "Health concern"
    need = but(CASE.needs[0], kind="motivational")
    new = only(to_fhir(but(CASE, needs=(need,)), fhir, onto=there), "Condition")["category"]
    assert new == [concern, {"coding": [{"system": OWN, "code": "motivational"}]}]


@BOTH
def test_a_generated_narrative_is_written_anew_and_what_somebody_wrote_stays(fhir: str) -> None:
    there = written(PLAN, fhir)
    first, *_ = to_fhir(but(PLAN, title="<Other>"), fhir, onto=there)
    assert "&lt;Other&gt;" in first["text"]["div"]
    there[0]["text"]["status"] = "additional"
    first, *_ = to_fhir(but(PLAN, title="Other"), fhir, onto=there)
    assert first["text"] == there[0]["text"]


@BOTH
def test_an_unchanged_record_keeps_even_a_stale_narrative(fhir: str) -> None:
    there = written(PLAN, fhir)
    there[0]["text"]["div"] = "<div>stale</div>"
    assert to_fhir(PLAN, fhir, onto=there) == there


@BOTH
def test_what_fhir_requires_and_nobody_knows_is_said_to_be_unknown(fhir: str) -> None:
    goal = only(to_fhir(but(PLAN, client=None, goals=(Goal(id="g"),), activities=()), fhir), "Goal")
    assert goal["subject"] == goal["description"] == UNKNOWN
    assert goal["lifecycleStatus"] == "proposed"
    assert goal["extension"] == [{"url": EXACT, "valueCode": "unknown"}]


def test_a_required_bare_value_that_nobody_knows_is_marked_beside_its_place() -> None:
    change = StatusChange(status="sent", at="2026-01-01")
    request = only(to_fhir(but(REFERRAL, history=(change,))), "ServiceRequest")
    (provenance,) = request["contained"]
    assert provenance["_recorded"] == UNKNOWN
    assert "recorded" not in provenance


@BOTH
def test_what_becomes_known_takes_the_place_of_the_mark(fhir: str) -> None:
    there = written(but(PLAN, client=None, goals=(Goal(id="g"),), activities=()), fhir)
    known = but(PLAN, goals=(Goal(id="g", lifecycle="active", description=Concept(text="Eat")),), activities=())
    goal = only(to_fhir(known, fhir, onto=there), "Goal")
    assert goal["lifecycleStatus"] == "active"
    assert "extension" not in goal
    assert goal["description"] == {"text": "Eat"}
    assert goal["subject"]["reference"] == "Patient/9"
    assert "data-absent-reason" not in str(goal)


@BOTH
def test_nothing_is_left_empty_where_a_value_was_taken_out(fhir: str) -> None:
    full = but(CASE, origin=None, acuity=Concept(text="High"), closure=Closure(outcome=Concept(text="Fine")))
    there = written(full, fhir)
    task = only(to_fhir(but(CASE, opened=None), fhir, onto=there), "Task")
    assert not {"input", "output", "executionPeriod"} & task.keys()


def test_the_order_of_an_array_stays_and_new_elements_come_last() -> None:
    there = written(but(REFERRAL, categories=(Concept(text="one"), Concept(text="two"))))
    request = only(there, "ServiceRequest")
    request["category"].reverse()
    record = from_fhir(there).record
    assert [concept.text for concept in record.categories] == ["two", "one"]
    more = but(record, categories=(*record.categories, Concept(text="three")))
    assert only(to_fhir(more, onto=there), "ServiceRequest")["category"] == [*request["category"], {"text": "three"}]


def test_elements_that_a_selector_does_not_pick_stay_where_they_are() -> None:
    there = written(CASE)
    team = only(there, "CareTeam")
    manager = {
        "role": [{"coding": [{"system": "http://snomed.info/sct", "code": "768832004"}]}],
        "member": {"display": "M"},
    }
    team["participant"].insert(0, manager)
    record = from_fhir(there).record
    assert len(record.assignments) == len(record.team) == 1
    left = only(to_fhir(but(record, team=()), onto=there), "CareTeam")
    assert left["participant"] == [manager]


@BOTH
def test_an_episode_alone_is_a_case_and_what_only_a_task_can_say_makes_the_task(fhir: str) -> None:
    episode: dict[str, Any] = {
        "resourceType": "EpisodeOfCare",
        "id": "7",
        "status": "active",
        "patient": {"reference": "Patient/1"},
    }
    record = from_fhir(episode, fhir).record
    assert (record.key.kind, record.status) == ("case", "active")
    assert to_fhir(but(record, status="closed"), fhir, onto=[episode]) != [episode]
    assert every(to_fhir(but(record, status="closed"), fhir, onto=[episode]), "Task") == []
    changed = but(record, status="assessing", notes=(Note(text="x"),))
    again = to_fhir(changed, fhir, onto=[episode])
    task = only(again, "Task")
    assert task["focus"] == {"reference": "EpisodeOfCare/7"}
    assert task["for"] == {"reference": "Patient/1", "type": "Patient"}
    assert from_fhir(again, fhir, known={"EpisodeOfCare/7": record.key}).record == changed


@BOTH
def test_the_clients_facts_are_a_patient_that_is_linked_and_changes_only_with_the_client(fhir: str) -> None:
    client = Client(
        names=(PersonName(family="Doe"),), identifiers=(Identifier(system="http://mrn.example", value="1"),)
    )
    known = but(CASE, client=client)
    there = written(known, fhir)
    placed = {p.resource["resourceType"]: p for p in write(but(known, status="on-hold"), fhir, there)}
    assert placed["Patient"].linked
    assert not placed["Patient"].changed
    assert placed["Task"].changed
    other = but(client, birth_date="1990")
    placed = {p.resource["resourceType"]: p for p in write(but(known, client=other), fhir, there)}
    assert placed["Patient"].changed
    assert not placed["Task"].changed


@BOTH
def test_each_resource_says_its_role_and_whether_it_is_new(fhir: str) -> None:
    placed = write(but(REFERRAL, notes=(Note(text="x"),)), fhir, written(but(REFERRAL, offers=()), fhir))
    roles = [(p.role, p.new, p.changed, p.linked) for p in placed]
    assert roles == [
        ("req", False, True, False),
        ("task:o1", True, True, False),
        ("task:o2", True, True, False),
        ("outcome:o2:x1", True, True, False),
    ]


@BOTH
def test_resources_come_back_in_the_order_they_were_given(fhir: str) -> None:
    there = written(REFERRAL, fhir)[::-1]
    assert to_fhir(REFERRAL, fhir, onto=there) == there
    assert [r["id"] for r in to_fhir(but(REFERRAL, status="completed"), fhir, onto=there)] == [r["id"] for r in there]


@BOTH
def test_where_two_resources_say_the_same_both_are_changed(fhir: str) -> None:
    there = written(CASE, fhir)
    closed = to_fhir(
        but(CASE, status="closed", opened="2026-01-03", closure=Closure(on="2026-02-01")), fhir, onto=there
    )
    assert only(closed, "Task")["executionPeriod"] == {"start": "2026-01-03", "end": "2026-02-01"}
    assert only(closed, "EpisodeOfCare")["period"] == {"start": "2026-01-03", "end": "2026-02-01"}
    assert (only(closed, "Task")["status"], only(closed, "EpisodeOfCare")["status"]) == ("completed", "finished")


@BOTH
def test_a_changed_client_is_the_subject_of_every_resource_of_the_record(fhir: str) -> None:
    there = written(PLAN, fhir)
    other = but(CLIENT, reference="Patient/10")
    changed = to_fhir(but(PLAN, client=other), fhir, onto=there)
    subjects = {str((resource.get("subject") or resource.get("for"))["reference"]) for resource in changed}
    assert subjects == {"Patient/10"}


def test_a_period_that_was_given_an_end_keeps_its_start_to_the_letter() -> None:
    there = written(but(PLAN, period=Period(start="2026-03")))
    there[0]["period"]["_start"] = {"extension": [ELSEWHERE]}
    (plan, *_) = to_fhir(but(PLAN, period=Period(start="2026-03", end="2027")), onto=there)
    assert plan["period"] == {"start": "2026-03", "_start": {"extension": [ELSEWHERE]}, "end": "2027"}
