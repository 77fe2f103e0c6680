"""The profiles that an overlay claims: what they demand is written, or the check names what is missing."""

from pathlib import Path

import pytest
from tests.mapping.examples import REFERRAL, but, only

from fhircase.errors import MappingFileError
from fhircase.mapping import from_fhir, to_fhir
from fhircase.mapping.compiled import compiled

US = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
SDOH = "http://hl7.org/fhir/us/sdoh-clinicalcare/StructureDefinition/SDOHCC-"
CATEGORY = "systems: {guide: http://hl7.org/fhir/us/core/CodeSystem/careplan-category}\n"


def claimed(place: Path, over: str, profiles: str, more: str = "") -> str:
    folder = place / str(len(list(place.iterdir())))
    folder.mkdir()
    file = folder / "site.yaml"
    file.write_text(f"overlay: site@1\nover: [{over}@1]\nprofiles: {{{profiles}}}\n{more}", encoding="utf-8")
    return str(file)


def told(mapping: str, overlay: str, fhir: str = "R4") -> list[str]:
    with pytest.raises(MappingFileError) as caught:
        compiled(mapping, fhir, (overlay,))
    return [str(problem) for problem in caught.value.problems]


def test_a_required_slice_that_no_rule_writes_is_told_and_a_constant_mends_it(tmp_path: Path) -> None:
    claim = f"plan: ['{US}careplan|6.1.0', '{US}careplan|7.0.0']"
    problems = told("care-plan", claimed(tmp_path, "care-plan", claim))
    assert problems[0].startswith("site.yaml:3: ")
    assert "requires CarePlan.category:AssessPlan, which is `http://hl7.org/fhir/us/core/" in problems[0]
    assert len(problems) == 2
    added = (
        "add: {assess: {constant: 'plan.category[this~guide#assess-plan]', value: 'guide#assess-plan'}}\n"
        "change: {categories: {list: 'plan.category[this!~guide#assess-plan]'}}\n"
    )
    assert compiled("care-plan", "R4", (claimed(tmp_path, "care-plan", claim, CATEGORY + added),))


def test_a_profile_for_another_version_of_fhir_demands_nothing(tmp_path: Path) -> None:
    assert compiled("care-plan", "R5", (claimed(tmp_path, "care-plan", f"plan: ['{US}careplan|7.0.0']"),))


def test_a_profile_that_is_not_known_or_of_another_type_is_told(tmp_path: Path) -> None:
    problems = told("goal", claimed(tmp_path, "goal", f"goal: ['{US}gaol|7.0.0', '{US}careplan|7.0.0']"))
    assert f"no profile is called `{US}gaol|7.0.0`; did you mean `{US}goal|7.0.0`?" in problems[0]
    assert "is a profile of CarePlan, and `goal` is a Goal" in problems[1]


def test_an_element_that_a_profile_forbids_and_a_type_it_does_not_allow_are_told(tmp_path: Path) -> None:
    more = "add: {site: {concept: need.bodySite}}\n"
    problems = told("need", claimed(tmp_path, "need", f"need: ['{SDOH}Condition|3.0.0']", more))
    assert any(each.startswith("site.yaml:4: `need.bodySite` is written") for each in problems)
    assert any("forbids Condition.bodySite" in each for each in problems)


def test_a_value_that_a_profile_fixes_is_told_where_another_may_be_said(tmp_path: Path) -> None:
    problems = told("work-task", claimed(tmp_path, "work-task", f"task: ['{SDOH}TaskForReferralManagement|3.0.0']"))
    assert any("`task.intent` may say" in each and "wants order" in each for each in problems)
    more = "change: {offers.intent: {value: plan}}\n"
    problems = told("referral", claimed(tmp_path, "referral", f"task: ['{SDOH}TaskForReferralManagement|3.0.0']", more))
    assert any("`task.intent` is always `plan`" in each and "wants `order`" in each for each in problems)


def test_what_a_named_type_writes_counts(tmp_path: Path) -> None:
    task = f"task: ['{SDOH}TaskForReferralManagement|3.0.0']"
    assert compiled("referral", "R4", (claimed(tmp_path, "referral", task),)), "a concept has a text"
    code = "{code: task.statusReason.coding.code, table: why}"
    more = f"change: {{offers.status_reason: {code}}}\ntables: {{why: {{rows: [full]}}}}\n"
    problems = told("referral", claimed(tmp_path, "referral", task, more))
    assert any("requires Task.statusReason.text, and no rule writes it" in each for each in problems)


def test_what_only_a_profile_requires_is_marked_as_unknown_where_it_is_not_known(tmp_path: Path) -> None:
    site = claimed(tmp_path, "referral", f"req: ['{US}servicerequest|7.0.0']")
    record = but(REFERRAL, service=None)
    written = to_fhir(record, "R4", overlays=[site])
    code = only(written, "ServiceRequest")["code"]
    assert code["extension"][0]["url"] == "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
    assert from_fhir(written, "R4", overlays=[site]).record == record
    assert to_fhir(record, "R4", onto=written, overlays=[site]) == written
    assert "code" not in only(to_fhir(record, "R4"), "ServiceRequest")
