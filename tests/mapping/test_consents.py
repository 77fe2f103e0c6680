"""A consent says the same in R4 and R5, though R5 says of a provision the opposite of its decision."""

from typing import Any

import pytest
from tests.mapping.examples import BOTH, CASE, CLIENT, but, key, only, written

from fhircase.mapping import from_fhir, to_fhir
from fhircase.model import Concept, Consent, Link, Period

UNKNOWN = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
BARE = Consent(key=key("consent", "CO-1"), client=CLIENT, status="active", decision="permit")


def read(resources: Any, fhir: str) -> Any:
    return from_fhir(resources, fhir, Consent).record


@BOTH
def test_a_case_leads_to_its_consents(fhir: str) -> None:
    case = but(CASE, consents=(Consent(id="c1", status="active", kind="disclosure"),))
    resources = written(case, fhir)
    consent = only(resources, "Consent")
    assert consent["patient" if fhir == "R4" else "subject"] == {**resources[0]["for"]}
    assert from_fhir(resources, fhir).record == case
    gone = to_fhir(but(case, consents=()), fhir, onto=resources)
    assert only(gone, "Consent")["status"] == "inactive"
    assert from_fhir(gone, fhir).record.consents == ()


def test_what_r4_demands_and_nobody_knows_is_said_to_be_unknown() -> None:
    (consent,) = written(BARE)
    assert (consent["scope"], consent["category"], consent["policyRule"]) == (UNKNOWN, [UNKNOWN], UNKNOWN)


def test_what_becomes_known_stands_in_the_place_of_the_mark_and_back() -> None:
    known = but(BARE, kind="treatment", categories=(Concept(text="plan"),), basis=Concept(text="law"))
    (consent,) = to_fhir(known, onto=written(BARE))
    assert "extension" not in consent["scope"]
    assert (consent["category"], consent["policyRule"]) == ([{"text": "plan"}], {"text": "law"})
    (again,) = to_fhir(BARE, onto=[consent])
    assert (again["scope"], again["category"], again["policyRule"]) == (UNKNOWN, [UNKNOWN], UNKNOWN)


def test_a_policy_is_rule_enough() -> None:
    (consent,) = written(but(BARE, policy="https://h.example/policy"))
    assert "policyRule" not in consent


def test_no_mark_is_set_in_what_others_made() -> None:
    theirs = {"resourceType": "Consent", "id": "1", "status": "active", "policy": [{"uri": "urn:x"}]}
    record = read(theirs, "R4")
    assert to_fhir(but(record, given="2026"), onto=[theirs]) == [theirs | {"dateTime": "2026"}]


@pytest.mark.parametrize(
    ("decision", "provision", "said"),
    [
        ("permit", None, "permit"),
        ("deny", None, "deny"),
        ("deny", [{"period": {"end": "2027"}}], "permit"),
        ("permit", [{"period": {"end": "2027"}}], "deny"),
    ],
)
def test_in_r5_a_provision_is_the_exception_to_the_decision(decision: str, provision: Any, said: str) -> None:
    theirs = {"resourceType": "Consent", "id": "1", "status": "active", "decision": decision}
    if provision:
        theirs["provision"] = provision
    record = read(theirs, "R5")
    assert record.decision == said
    other = but(record, period=Period(start="2026"))
    assert read(to_fhir(other, "R5", onto=[theirs]), "R5") == other


def test_in_r5_the_decision_stays_when_the_first_term_is_added() -> None:
    (blank,) = written(BARE, "R5")
    (bounded,) = to_fhir(but(BARE, recipients=(Link(display="Pantry"),)), "R5", onto=[blank])
    assert blank["decision"] == bounded["decision"] == "deny"
    assert blank["provision"][0]["extension"][0]["valueCode"] == "permit"


def test_a_verdict_that_the_decision_contradicts_is_told_and_not_believed() -> None:
    (consent,) = written(BARE, "R5")
    consent["decision"] = "permit"
    reading = from_fhir(consent, "R5")
    assert reading.record.decision == "deny"
    assert "disagrees" in reading.remarks[0].what


def test_in_r5_the_time_of_day_stands_beside_the_date() -> None:
    (consent,) = written(but(BARE, given="2026-03-09T10:00:00Z"), "R5")
    assert consent["date"] == "2026-03-09"
    exact = from_fhir(consent, "R5")
    assert exact.record.given == "2026-03-09T10:00:00Z"
    fates = {entry.value: entry.fate for entry in exact.report}
    assert (fates["2026-03-09"], fates["2026-03-09T10:00:00Z"]) == ("normalised", "carried")
    later = from_fhir({**consent, "date": "2026-03-10"}, "R5")
    assert later.record.given == "2026-03-10"
    assert "another day" in later.remarks[0].what
    (again,) = to_fhir(but(BARE, given="2027"), "R5", onto=[consent])
    assert again["date"] == "2027"
    assert "extension" not in again


@pytest.mark.parametrize(
    ("fhir", "provision", "told"),
    [
        ("R4", {"type": "permit", "provision": [{"type": "deny"}]}, ["consent.provision.provision"]),
        ("R5", [{"purpose": [{"code": "TREAT"}], "provision": [{}]}], ["consent.provision.provision"]),
        ("R5", [{"purpose": [{"code": "TREAT"}]}, {"purpose": [{"code": "HRESCH"}]}], ["consent.provision"]),
        ("R5", [{"purpose": [{"code": "TREAT"}]}], []),
    ],
)
def test_exceptions_that_a_record_has_no_place_for_are_left_and_told(fhir: str, provision: Any, told: Any) -> None:
    (consent,) = written(BARE, fhir)
    consent["provision"] = provision
    reading = from_fhir(consent, fhir)
    assert [
        remark.path for remark in reading.remarks if "provision" in remark.what or "exception" in remark.what
    ] == told
    (again,) = to_fhir(but(reading.record, given="2027"), fhir, onto=reading.resources)
    assert again["provision"] == provision
