"""What is decided about what real resources hold: `docs/mappings/behaviours.md`, as far as no other test shows it."""

from typing import Any

import pytest
from tests.mapping.examples import BOTH, CASE, REFERRAL, but, every, only, written

from fhircase.mapping import from_bundle, from_fhir, to_fhir
from fhircase.model import Concept, Note, Offer

PLAIN: dict[str, Any] = {"resourceType": "CarePlan", "status": "active", "intent": "plan"}
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def changed(resource: dict[str, Any], fhir: str = "R4", **fields: Any) -> dict[str, Any]:
    """The resource when some fields of its record are others."""
    (made,) = to_fhir(but(from_fhir(resource, fhir).record, **fields), fhir, onto=[resource])
    return made


@BOTH
def test_a_resource_without_an_id_is_read_and_gets_one_only_when_another_has_to_refer_to_it(fhir: str) -> None:
    order = only(written(but(REFERRAL, offers=()), fhir), "ServiceRequest")
    del order["id"]
    record = from_fhir(order, fhir).record
    assert "id" not in changed(order, fhir, notes=(Note(text="x"),))
    request, task = to_fhir(but(record, offers=(Offer(id="o1", status="sent"),)), fhir, onto=[order])
    assert task["focus"] == {"reference": f"urn:uuid:{request['id']}"}
    assert from_fhir([request, task], fhir).record.offers[0].status == "sent"


def test_a_record_with_neither_id_nor_identifier_keeps_its_key_when_it_gets_a_temporary_id() -> None:
    order = {"resourceType": "ServiceRequest", "status": "active", "intent": "order"}
    record = but(from_fhir(order).record, offers=(Offer(id="o1", status="sent"),))
    assert from_fhir(to_fhir(record, onto=[order])).record == record


def test_two_resources_with_neither_id_nor_identifier_are_two_records() -> None:
    found = from_bundle([{**PLAIN, "title": "one"}, {**PLAIN, "title": "two"}])
    assert [reading.record.title for reading in found.readings] == ["one", "two"]
    assert {reading.record.key.value for reading in found.readings} == {"CarePlan/unidentified"}


@BOTH
def test_what_is_required_and_missing_is_read_as_not_known_and_nothing_is_put_there(fhir: str) -> None:
    bare = {"resourceType": "CarePlan", "id": "1"}
    record = from_fhir(bare, fhir).record
    assert (record.status, record.client) == ("unspecified", None)
    assert changed(bare, fhir, title="x") == {**bare, "title": "x"}
    assert changed(bare, fhir, status="active") == {**bare, "status": "active"}


@BOTH
def test_a_reason_for_absence_goes_when_there_is_a_value(fhir: str) -> None:
    absent = {"extension": [{"url": ABSENT, "valueCode": "asked-unknown"}]}
    plan = {**PLAIN, "id": "1", "_title": absent, "subject": absent}
    assert changed(plan, fhir, description="x") == {**plan, "description": "x"}
    titled = changed(plan, fhir, title="x")
    assert (titled["title"], "_title" in titled, titled["subject"]) == ("x", False, absent)


@BOTH
def test_an_unknown_code_of_a_preferred_binding_is_left_and_told(fhir: str) -> None:
    system = "http://terminology.hl7.org/CodeSystem/goal-achievement"
    goal = {"resourceType": "Goal", "id": "1", "lifecycleStatus": "active", "description": {"text": "Eat"}}
    goal["achievementStatus"] = {"coding": [{"system": system, "code": "nearly"}]}
    reading = from_fhir(goal, fhir)
    assert reading.record.achievement == "unspecified"
    assert [str(remark).partition(" @")[0] for remark in reading.remarks] == [
        "code `nearly` is not known: left as it is"
    ]
    assert "/achievementStatus/coding/0/code" in {entry.pointer for entry in reading.leftovers}
    assert changed(goal, fhir, priority=Concept(text="high"))["achievementStatus"] == goal["achievementStatus"]


def test_a_patient_with_unknown_codes_does_not_stop_the_case() -> None:
    patient = {"resourceType": "Patient", "id": "9", "gender": "m", "telecom": [{"system": "telegraph", "value": "1"}]}
    case = [*written(CASE), patient]
    reading = from_fhir(case)
    assert (reading.record.client.sex, reading.record.client.points[0].value) == ("unspecified", "1")
    assert len(reading.remarks) == 2


def test_a_code_of_a_local_system_stays_beside_the_known_one_and_alone() -> None:
    local = {"system": "http://local.example", "code": "open"}
    need = {"resourceType": "Condition", "id": "1", "clinicalStatus": {"coding": [local]}}
    assert from_fhir(need).record.status == "unspecified"
    assert changed(need, severity=Concept(text="bad"))["clinicalStatus"] == {"coding": [local]}


@pytest.mark.parametrize("blank", ["", " ", "\n", "\u00a0"])
def test_blank_text_is_left_and_told(blank: str) -> None:
    plan = {**PLAIN, "id": "1", "title": blank, "category": [{"text": blank}], "note": [{"text": "x"}, {"text": blank}]}
    reading = from_fhir(plan)
    assert (reading.record.title, reading.record.categories, reading.record.notes) == (None, (), (Note(text="x"),))
    assert "/title" in {entry.pointer for entry in reading.leftovers}
    assert any(remark.path == "plan.title" for remark in reading.remarks)
    assert changed(plan, description="y") == {**plan, "description": "y"}
    assert changed(plan, title="y")["title"] == "y"


def test_codes_and_uris_with_stray_white_space_are_left() -> None:
    coding = {"system": "http://a b.example", "code": " x", "display": "X"}
    plan = {
        **PLAIN,
        "id": "1",
        "category": [{"coding": [coding]}],
        "author": {"reference": "Some body", "display": "B"},
    }
    record = from_fhir(plan).record
    assert record.categories[0].codings[0].model_dump(exclude_none=True) == {"display": "X"}
    assert record.author.model_dump(exclude_none=True) == {"display": "B"}
    assert changed(plan, title="y") == {**plan, "title": "y"}


@BOTH
def test_another_form_of_a_choice_is_left_until_the_field_is_set(fhir: str) -> None:
    need = {"resourceType": "Condition", "id": "1", "onsetString": "long ago", "_onsetString": {"id": "a"}}
    assert from_fhir(need, fhir).record.since is None
    assert changed(need, fhir, severity=Concept(text="bad"))["onsetString"] == "long ago"
    dated = changed(need, fhir, since="2026-01")
    assert {name for name in dated if "onset" in name} == {"onsetDateTime"}


@BOTH
def test_a_need_entered_in_error_has_no_status_whatever_stands_there(fhir: str) -> None:
    def concept(name: str, code: str) -> dict[str, Any]:
        return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/condition-{name}", "code": code}]}

    need = {"resourceType": "Condition", "id": "1", "clinicalStatus": concept("clinical", "active")}
    need["verificationStatus"] = concept("ver-status", "entered-in-error")
    record = from_fhir(need, fhir).record
    assert (record.status, record.confirmation) == ("unspecified", "entered-in-error")
    assert changed(need, fhir, severity=Concept(text="bad"))["clinicalStatus"] == need["clinicalStatus"]
    right = {**need, "verificationStatus": concept("ver-status", "confirmed")}
    void = changed(right, fhir, confirmation="entered-in-error", status="unspecified")
    assert void.get("clinicalStatus") == (None if fhir == "R4" else concept("clinical", "unknown"))
    mended = changed(need, fhir, confirmation="confirmed")
    assert from_fhir(mended, fhir).record.status == "unspecified"


@BOTH
def test_meta_is_left_as_it_is(fhir: str) -> None:
    meta = {
        "versionId": "7",
        "profile": ["http://elsewhere.example/p"],
        "tag": [{"code": "t"}],
        "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}],
    }
    plan = {**PLAIN, "id": "1", "meta": meta}
    assert changed(plan, fhir, title="x")["meta"] == meta
    assert len([entry for entry in from_fhir(plan, fhir).leftovers if entry.pointer.startswith("/meta/")]) == 5


def test_activities_with_one_id_are_two_activities() -> None:
    activity = {"id": "a", "detail": {"status": "scheduled", "description": "x"}}
    plan = {**PLAIN, "id": "1", "activity": [activity, {**activity, "detail": {"status": "completed"}}]}
    record = from_fhir(plan).record
    assert [each.id for each in record.activities] == ["a", "activity-2"]
    first, second = record.activities
    again = changed(plan, activities=(first, but(second, status="cancelled")))
    assert again["activity"][0] == activity
    assert again["activity"][1]["detail"] == {"status": "cancelled"}


def test_a_task_that_must_not_be_done_says_so_in_both_versions() -> None:
    task = {"resourceType": "Task", "id": "1", "status": "requested", "intent": "order"}
    marked = [{"url": "https://fhircase.org/fhir/StructureDefinition/do-not-perform", "valueBoolean": True}]
    assert from_fhir({**task, "modifierExtension": marked}).record.prohibited
    assert from_fhir({**task, "doNotPerform": True}, "R5").record.prohibited
    assert (
        every(to_fhir(from_fhir({**task, "doNotPerform": True}, "R5").record, "R4"), "Task")[0]["modifierExtension"]
        == marked
    )
