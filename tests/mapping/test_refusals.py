"""What would be wrong or unsafe to read is refused, with every reason at once; nothing is read as if it were not so."""

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mapping.examples import BOTH, PLAN, REFERRAL, but, only, refused, written
from tests.often import often
from tests.strategies import records

from fhircase.errors import Problem, RecordInvalid, ResourceRefused
from fhircase.fhir import jsontext
from fhircase.mapping import from_bundle, from_fhir, to_fhir
from fhircase.model import RECORDS, Coding, Concept, Offer, StatusChange

DOMAIN = "https://fhircase.org/fhir/CodeSystem/referral-domain"


def problems(resources: Any, fhir: str = "R4") -> tuple[Problem, ...]:
    with pytest.raises(ResourceRefused) as refusal:
        from_fhir(resources, fhir)
    return refusal.value.problems


def test_an_unknown_code_is_told_with_its_place_its_rule_and_the_codes_that_are_known() -> None:
    resources = written(PLAN)
    resources[0]["status"] = "actve"
    (problem,) = problems(resources)
    assert problem.what == "unknown code `actve`"
    assert problem.path == "plan.status"
    assert problem.rule.startswith("care-plan.yaml:")
    assert problem.rule.endswith(" status")
    assert "active, completed, draft" in problem.hint
    assert "add a row to the table" in problem.hint


def test_problems_of_items_are_told_beside_those_of_the_record() -> None:
    resources = written(REFERRAL)
    only(resources, "ServiceRequest")["priority"] = "soon"
    only(resources, "Procedure")["status"] = "cooking"
    only(resources, "Procedure")["note"] = {}
    assert [problem.rule.rpartition(" ")[2] for problem in problems(resources)] == [
        "urgency",
        "offers.outcomes.status",
        "offers.outcomes.notes",
    ]


def test_contained_resources_that_are_no_list_are_told_where_a_rule_looks_for_them() -> None:
    resources = written(but(REFERRAL, history=(StatusChange(status="draft", at="2026-01-02"),)))
    only(resources, "ServiceRequest")["contained"] = {"resourceType": "Provenance"}
    assert "`contained` must be a list" in {problem.what for problem in problems(resources)}


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("goal", {"reference": "Goal/1"}),
        ("title", {"text": "x"}),
        ("title", ["x"]),
        ("period", "2026"),
        ("category", ["x"]),
        ("identifier", "x"),
        ("extension", {"url": "x"}),
        ("note", [1]),
        ("subject", [{"reference": "Patient/1"}]),
    ],
)
@BOTH
def test_json_of_another_shape_than_fhir_is_told_with_its_place(element: str, value: Any, fhir: str) -> None:
    resources = written(PLAN, fhir)
    resources[0][element] = value
    assert all(problem.path and problem.rule for problem in problems(resources, fhir))


@pytest.mark.parametrize("value", ["2026-13", "2026-02-30", "last week", "2026-01-01T10:00:00"])
def test_a_date_that_is_none_and_a_time_without_an_offset_are_refused(value: str) -> None:
    resources = written(PLAN)
    resources[0]["created"] = value
    (problem,) = problems(resources)
    assert problem.path == "plan.created"


@pytest.mark.parametrize("resource", [{}, {"id": "1"}, {"resourceType": 1}, [], "CarePlan", None])
def test_what_has_no_resource_type_is_no_resource(resource: Any) -> None:
    assert refused(lambda: from_fhir([resource])) == [
        "not a FHIR resource: `resourceType` is missing @ [0] (recognition)"
    ]


def test_a_resource_that_no_mapping_knows_is_refused_with_what_is_known() -> None:
    (told,) = refused(lambda: from_fhir({"resourceType": "Organization"}))
    assert told.startswith("no record can be read from Organization (recognition); a case is a Task")


def test_a_record_asked_for_that_is_not_there_is_told() -> None:
    (told,) = refused(lambda: from_fhir(written(PLAN), record_type="referral"))
    assert told.startswith("no referral can be read from CarePlan, Goal")


@BOTH
def test_an_unknown_modifier_extension_is_refused_wherever_it_stands(fhir: str) -> None:
    resources = written(PLAN, fhir)
    for place in (resources[0], resources[0]["activity"][0], resources[1]):
        place["modifierExtension"] = [{"url": "http://elsewhere.example/not", "valueBoolean": True}]
    found = problems(resources, fhir)
    assert {problem.path for problem in found} == {
        "CarePlan.modifierExtension",
        "CarePlan.activity[0].modifierExtension",
        "Goal.modifierExtension",
    }
    assert all("`http://elsewhere.example/not` is not known" in problem.what for problem in found)


def test_implicit_rules_are_refused() -> None:
    resources = written(PLAN)
    resources[0]["implicitRules"] = "http://elsewhere.example/rules"
    (problem,) = problems(resources)
    assert problem.path == "CarePlan.implicitRules"


def test_a_resource_that_is_no_part_of_the_record_may_say_what_it_likes() -> None:
    stranger = {"resourceType": "Organization", "id": "1", "implicitRules": "http://elsewhere.example/rules"}
    assert from_fhir([*written(PLAN), stranger]).record == PLAN


@BOTH
def test_an_order_not_to_do_something_is_a_piece_of_work_and_never_a_referral(fhir: str) -> None:
    order = only(written(but(REFERRAL, offers=()), fhir), "ServiceRequest")
    order["doNotPerform"] = True
    record = from_fhir(order, fhir).record
    assert record.key.kind == "work-item"
    assert record.prohibited
    (reading,) = from_bundle([order], fhir).readings
    assert reading.record == record
    assert len(refused(lambda: from_fhir(order, fhir, "referral"))) == 1


@BOTH
def test_what_was_entered_in_error_is_read_as_that(fhir: str) -> None:
    resources = written(REFERRAL, fhir)
    for resource in resources:
        resource["status"] = "entered-in-error"
    record = from_fhir(resources, fhir).record
    assert record.status == "entered-in-error"
    assert [offer.status for offer in record.offers] == ["entered-in-error"] * 2
    assert record.offers[1].outcomes[0].status == "entered-in-error"


@BOTH
def test_a_value_that_is_marked_as_unknown_is_not_there(fhir: str) -> None:
    record = but(REFERRAL, client=None, offers=(Offer(id="o1"),), domain="unspecified", status="unspecified")
    resources = written(record, fhir)
    assert "dataAbsentReason" not in str(resources)
    assert "data-absent-reason" in str(only(resources, "ServiceRequest")["subject"])
    reading = from_fhir(resources, fhir)
    assert reading.record == record
    assert not [entry for entry in reading.leftovers if "subject" in entry.pointer]


def test_a_reason_for_absence_of_a_bare_value_is_read_as_nothing_and_stays() -> None:
    plan = {"resourceType": "CarePlan", "id": "1", "intent": "plan", "status": "active"}
    plan["_title"] = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]
    }
    reading = from_fhir(plan)
    assert reading.record.title is None


@pytest.mark.parametrize("kind", RECORDS)
@BOTH
def test_whatever_the_json_says_it_is_read_or_refused_and_never_a_bug(kind: str, fhir: str) -> None:
    @often(100)
    @given(records(kind), st.integers(0, 2**32))
    def holds(record: Any, seed: int) -> None:
        resources, dice = written(record, fhir), random.Random(seed)
        for _ in range(dice.randint(1, 3)):
            spoil(resources, dice)
        readings = from_bundle(resources, fhir)
        for problem in (problem for refusal in readings.refused for problem in refusal.problems):
            assert problem.what
            assert problem.rule
        for reading in readings.readings:
            assert jsontext.encode(to_fhir(reading.record, fhir, reading.resources)) == jsontext.encode(
                list(reading.resources)
            )

    holds()


def spoil(resources: list[Any], dice: random.Random) -> None:
    """One place taken out or given a value of any shape."""
    container, key = dice.choice([*places(resources), (resources, 0)]) if resources else ([0], 0)
    if dice.random() < 0.2:
        del container[key]
    else:
        container[key] = copy.deepcopy(
            dice.choice([None, 1, True, "x", "", [], ["x"], [None], [[]], {}, {"x": 1}, [{}]])
        )


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    for key, value in list(node.items()) if isinstance(node, dict) else enumerate(node):
        yield node, key
        if isinstance(value, dict | list):
            yield from places(value)


def test_an_item_that_another_rule_would_read_is_refused_and_not_lost() -> None:
    record = but(REFERRAL, categories=(Concept(codings=(Coding(system=DOMAIN, code="legal"),)),))
    with pytest.raises(RecordInvalid) as told:
        to_fhir(record)
    (problem,) = told.value.problems
    assert problem.what == "an item has a code that the list leaves to another rule"
    assert problem.rule.endswith(" categories")
