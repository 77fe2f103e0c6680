"""FHIR's rules beyond elements and codes: each is checked, or is named with the reason why not."""

from typing import Any

import pytest

from fhircase.fhir.definitions import constraints
from fhircase.fhir.invariants import broken, newly_broken
from fhircase.fhir.invariants import test_of as check_of
from fhircase.fhir.invariants.resources import UNCHECKED
from fhircase.fhir.profiles import profiles

CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


DONE = concept("http://hl7.org/fhir/CodeSystem/task-code", "fulfill")
# A resource that breaks a rule, and what put into it mends it.
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "cpl-3": (
        "R4 CarePlan",
        {"activity": [{"detail": {"status": "x"}, "reference": {"display": "y"}}]},
        {"activity": [{"detail": {"x": 1}}]},
    ),
    "gol-1": (
        "R4 Goal",
        {"target": [{"detailString": "x"}]},
        {"target": [{"detailString": "x", "measure": {"text": "y"}}]},
    ),
    "prr-1": ("R5 ServiceRequest", {"orderDetail": [{"parameter": []}]}, {"code": {"concept": {"text": "x"}}}),
    "inv-1": ("R4 Task", {"authoredOn": "2026-02", "lastModified": "2026-01-31"}, {"lastModified": "2026-02-01"}),
    "ppc-1": ("R4 Consent", {}, {"policyRule": {"text": "x"}}),
    "con-4": ("R4 Condition", {"abatementString": "x"}, {"clinicalStatus": concept(CLINICAL, "resolved")}),
    "con-3": ("R5 Condition", {"abatementString": "x"}, {"clinicalStatus": concept(CLINICAL, "inactive")}),
    "con-5": (
        "R4 Condition",
        {
            "verificationStatus": concept(VERIFICATION, "entered-in-error"),
            "clinicalStatus": concept(CLINICAL, "active"),
        },
        {"clinicalStatus": None},
    ),
    "tsk-1": ("R5 Task", {"restriction": {"repetitions": 1}}, {"code": DONE, "focus": {"display": "x"}}),
    "us-core-7": (
        "R4 Procedure",
        {"meta": {"profile": [f"{US_CORE}procedure|7.0.0"]}, "status": "completed"},
        {"performedDateTime": "2026"},
    ),
    "us-core-15": (
        "R4 Coverage",
        {"meta": {"profile": [f"{US_CORE}coverage"]}},
        {"identifier": [{"type": concept("http://terminology.hl7.org/CodeSystem/v2-0203", "MB")}]},
    ),
    "per-1": (
        "R4 CarePlan",
        {"period": {"start": "2026-01-01T10:00:00+02:00", "end": "2026-01-01T07:59:59.9999999Z"}},
        {"period": {"start": "2026-01-01T10:00:00+02:00", "end": "2026-01-01T08:00:00Z"}},
    ),
    "tim-2": (
        "R4 ServiceRequest",
        {"occurrenceTiming": {"repeat": {"period": 1}}},
        {"occurrenceTiming": {"repeat": {"period": 1, "periodUnit": "d"}}},
    ),
    "ref-1": ("R4 Task", {"focus": {"reference": "#a"}}, {"contained": [{"resourceType": "Goal", "id": "a"}]}),
    "dom-3": ("R5 Task", {"contained": [{"resourceType": "Goal", "id": "a"}]}, {"focus": {"reference": "#a"}}),
    "obs-6": ("R4 Observation", {"valueString": "x", "dataAbsentReason": {"text": "y"}}, {"dataAbsentReason": None}),
    "qty-3": ("R5 Goal", {"target": [{"measure": {"text": "m"}, "detailQuantity": {"code": "kg"}}]}, {"target": []}),
}


@pytest.mark.parametrize("key", CASES)
def test_a_broken_rule_is_told_and_a_kept_one_is_not(key: str) -> None:
    (fhir, kind), wrong, mended = CASES[key][0].split(), CASES[key][1], CASES[key][2]
    resource = {"resourceType": kind, **wrong}
    (problem,) = broken(resource, fhir)
    assert problem.rule == f"FHIR {fhir}, {key}"
    assert problem.path.startswith(kind)
    assert broken({**resource, **mended}, fhir) == []
    assert newly_broken(resource, {"resourceType": kind, **mended}, fhir) == [problem]
    assert newly_broken({**resource, "language": "de"}, resource, fhir) == []


@pytest.mark.parametrize("fhir", ["R4", "R5"])
def test_every_rule_of_fhir_is_checked_or_named_with_its_reason(fhir: str) -> None:
    assert [rule.key for rule in constraints(fhir) if (check_of(rule) is None) != (rule.key in UNCHECKED)] == []


def test_every_rule_of_a_guide_is_checked_or_named_with_its_reason() -> None:
    every = [rule for each in profiles().values() for rule in each.constraints]
    assert [rule.key for rule in every if (check_of(rule) is None) != (rule.key in UNCHECKED)] == []


def test_whatever_a_resource_says_there_is_no_other_error() -> None:
    for odd in ("x", 1, True, [], {}, [[]], [1], {"coding": 1}, {"coding": [1]}):
        for kind, names in {
            "Condition": ("clinicalStatus", "verificationStatus", "abatementString"),
            "Observation": ("code", "component", "valueQuantity", "referenceRange"),
            "Task": ("restriction", "code", "authoredOn", "contained", "input", "executionPeriod"),
        }.items():
            for name in names:
                assert isinstance(broken({"resourceType": kind, name: odd}), list)
