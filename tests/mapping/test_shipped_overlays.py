"""The overlays that ship: what they write, which profiles it claims, and the laws with each of them."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.mapping.examples import CASE, PLAN, REFERRAL, but, only
from tests.mapping.test_laws import same_record, strewn
from tests.strategies import records

from fhircase.errors import RecordInvalid
from fhircase.fhir import jsontext
from fhircase.mapping import files, from_bundle, from_fhir, to_fhir
from fhircase.mapping.compiled import all_compiled
from fhircase.model import Coding, Concept, Link

OVERLAYS = [
    *("us-core@6.1.0", "us-core@7.0.0"),
    *("sdoh-clinicalcare@2.2.0", "sdoh-clinicalcare@2.3.0", "sdoh-clinicalcare@3.0.0"),
]
US = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
SDOH = "http://hl7.org/fhir/us/sdoh-clinicalcare/StructureDefinition/SDOHCC-"
CODES = "http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes"
GUIDE = ["sdoh-clinicalcare"]
FULL = but(REFERRAL, sender=Link(reference="PractitionerRole/1"))


def claimed(resource: dict[str, Any]) -> list[str]:
    found: list[str] = resource.get("meta", {}).get("profile", [])
    return found


def codes(resource: dict[str, Any]) -> set[str]:
    return {coding["code"] for concept in resource["category"] for coding in concept["coding"]}


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("fhir", ["R4", "R4B", "R5"])
def test_every_mapping_is_right_with_it(overlay: str, fhir: str) -> None:
    assert all_compiled(fhir, (overlay,))


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("kind", ["care-plan", "case", "need", "goal", "referral"])
def test_the_laws_hold_with_it(overlay: str, kind: str) -> None:
    over = [overlay]

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(records(kind), records(kind), st.integers(0, 10_000))
    def hold(record: Any, other: Any, seed: int) -> None:
        assert from_fhir(to_fhir(record, overlays=over), overlays=over, record_type=kind).record == record
        there = strewn(to_fhir(same_record(record, other), overlays=over), seed)
        before = jsontext.encode(there)
        written = to_fhir(record, onto=there, overlays=over)
        assert from_fhir(written, overlays=over, record_type=kind).record == record
        assert jsontext.encode(to_fhir(record, onto=written, overlays=over)) == jsontext.encode(written)
        back = from_fhir(there, overlays=over, record_type=kind).record
        assert jsontext.encode(to_fhir(back, onto=there, overlays=over)) == before

    hold()


def test_us_core_asks_for_a_category_of_plans() -> None:
    plan = only(to_fhir(PLAN, overlays=["us-core"]), "CarePlan")
    assert codes(plan) == {"assess-plan"}
    assert claimed(plan) == [f"{US}careplan"]
    need = only(to_fhir(CASE, overlays=["us-core"]), "Condition")
    assert claimed(need) == [f"{US}condition-problems-health-concerns"]
    assert "meta" not in only(to_fhir(PLAN), "CarePlan")


def test_sdoh_clinical_care_has_codes_for_some_domains_only() -> None:
    request = only(to_fhir(FULL, overlays=GUIDE), "ServiceRequest")
    assert codes(request) == {"food", "food-insecurity", "sdoh"}
    assert claimed(request) == [f"{US}servicerequest", f"{SDOH}ServiceRequest"]
    for domain in ("mental-health", "home-care", "rehabilitation"):
        request = only(to_fhir(but(FULL, domain=domain), overlays=GUIDE), "ServiceRequest")
        assert (codes(request), claimed(request)) == ({domain}, [f"{US}servicerequest"])


@pytest.mark.parametrize(
    ("version", "category", "information", "others"),
    [
        ("2.2.0", {"food", "food-insecurity"}, "additional-content of ours", []),
        ("2.3.0", {"food", "food-insecurity", "sdoh"}, "additional-content of ours", [f"{US}servicerequest"]),
        ("3.0.0", {"food", "food-insecurity", "sdoh"}, "additional-content", [f"{US}servicerequest"]),
    ],
)
def test_the_versions_of_the_guide_differ_in_what_they_have_codes_for(
    version: str, category: set[str], information: str, others: list[str]
) -> None:
    over = [f"sdoh-clinicalcare@{version}"]
    told = but(FULL, offers=(but(FULL.offers[0], information=(Link(reference="DocumentReference/1"),)),))
    written = to_fhir(told, overlays=over)
    assert codes(only(written, "ServiceRequest")) == category
    assert claimed(only(written, "ServiceRequest")) == [*others, f"{SDOH}ServiceRequest"]
    (coding,) = only(written, "Task")["input"][0]["type"]["coding"]
    ours = " of ours" if coding["system"] == "https://fhircase.org/fhir/CodeSystem/fhircase" else ""
    assert f"{coding['code']}{ours}" == information
    assert claimed(only(written, "Task")) == [f"{SDOH}TaskForReferralManagement"]
    assert from_fhir(written, overlays=over).record == told


def test_without_a_version_the_newest_is_meant() -> None:
    assert to_fhir(FULL, overlays=["sdoh-clinicalcare"]) == to_fhir(FULL, overlays=["sdoh-clinicalcare@3.0.0"])
    assert files.overlay("us-core") == files.overlay("us-core@7.0.0")


def test_a_task_of_the_guide_is_never_received_and_claims_it_only_when_whole() -> None:
    seen = but(FULL, offers=(but(FULL.offers[0], status="seen"),))
    task = only(to_fhir(seen, overlays=GUIDE), "Task")
    assert (task["status"], task["businessStatus"]["coding"][0]["code"]) == ("requested", "seen")
    assert claimed(task) == [f"{SDOH}TaskForReferralManagement"]
    assert from_fhir(to_fhir(seen, overlays=GUIDE), overlays=GUIDE).record == seen
    assert from_fhir(to_fhir(seen), overlays=GUIDE).record == seen, "`received` is read as it always was"
    unworded = Concept(codings=(Coding(system="http://x.example", code="1"),))
    assert claimed(only(to_fhir(but(seen, sender=None), overlays=GUIDE), "Task")) == []
    for lacking in (
        but(seen, offers=(but(seen.offers[0], sent=None),)),
        but(seen, offers=(but(seen.offers[0], status_reason=unworded),)),
    ):
        assert claimed(only(to_fhir(lacking, overlays=GUIDE), "Task")) == []
        again = to_fhir(lacking, onto=to_fhir(seen, overlays=GUIDE), overlays=GUIDE)
        assert claimed(only(again, "Task")) == [], "a claim that is true no more goes"
        task = only(to_fhir(seen, onto=again, overlays=GUIDE), "Task")
        assert claimed(task) == [f"{SDOH}TaskForReferralManagement"]


def test_what_others_claim_is_left_alone() -> None:
    theirs = to_fhir(FULL)
    for resource in theirs:
        resource["meta"] = {"profile": ["http://elsewhere.example/profile", f"{SDOH}ServiceRequest|2.3.0"]}
        resource["identifier"] = [{"system": "http://elsewhere.example", "value": resource["id"]}]
    before = from_fhir(theirs, overlays=GUIDE, record_type="referral").record
    changed = to_fhir(but(before, service=None, urgency="stat"), onto=theirs, overlays=GUIDE)
    assert changed != theirs
    assert [each["meta"] for each in changed] == [each["meta"] for each in theirs]


def test_an_sdoh_category_of_a_foreign_request_is_read_as_the_domain() -> None:
    request = {
        "resourceType": "ServiceRequest",
        "id": "1",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/1"},
        "category": [{"coding": [{"system": CODES, "code": code}]} for code in ("food-insecurity", "homelessness")],
    }
    found = from_fhir(request, overlays=GUIDE).record
    assert found.domain == "food"
    assert [concept.codings[0].code for concept in found.categories] == ["homelessness"]
    assert from_fhir(request).record.domain == "unspecified"


@pytest.mark.parametrize(
    ("record", "overlay", "system", "code"),
    [
        (PLAN, "us-core", "http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "assess-plan"),
        (FULL, "sdoh-clinicalcare", CODES, "food-insecurity"),
        (FULL, "sdoh-clinicalcare", CODES, "housing-instability"),
    ],
)
def test_a_code_that_the_overlay_itself_writes_is_no_category(
    record: Any, overlay: str, system: str, code: str
) -> None:
    listed = but(record, categories=(Concept(text="ours"), Concept(codings=(Coding(system=system, code=code),))))
    with pytest.raises(RecordInvalid, match=r"a code that the list leaves to another rule @ .*\.category"):
        to_fhir(listed, overlays=[overlay])
    with pytest.raises(RecordInvalid, match="a code that the list leaves to another rule"):
        to_fhir(listed, onto=to_fhir(record, overlays=[overlay]), overlays=[overlay])
    assert from_fhir(to_fhir(listed)).record == listed, "without the overlay it is one as any other"


def test_real_resources_that_claim_the_guides_are_read_lawfully() -> None:
    count = 0
    for place in sorted((Path(__file__).parents[2] / "fixtures" / "corpus" / "R4").rglob("*.json")):
        text = place.read_bytes()
        if b"/us/sdoh-clinicalcare/" not in text and b"/us/core/" not in text:
            continue
        for reading in from_bundle(jsontext.decode(text), "R4", GUIDE).readings:
            count += 1
            again = to_fhir(reading.record, onto=reading.resources, overlays=GUIDE)
            assert jsontext.encode(again) == jsontext.encode(list(reading.resources)), place.name
    assert count
