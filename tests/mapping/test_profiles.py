"""The profiles that an overlay claims: what they demand is written, or the check names what is missing."""

import json
from pathlib import Path

import pytest
from tests.mapping.examples import CLIENT, REFERRAL, but, key, only
from tests.mapping.test_wrong_files import golden

from fhircase.errors import MappingFileError
from fhircase.mapping import from_fhir, to_fhir
from fhircase.mapping.compiled import compiled
from fhircase.model import Concept, Goal

GOAL = Goal(id="-", key=key("goal", "G-1"), client=CLIENT, description=Concept(text="Eat"), lifecycle="active")
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
    assert "requires CarePlan.category, and a resource that claims it may lack it" in problems[1]
    assert len(problems) == 4
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
    seen = "rows: {offer-status: [[seen, requested, seen]]}\n"
    assert compiled("referral", "R4", (claimed(tmp_path, "referral", task, seen),)), "a concept has a text"
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


def test_a_code_beside_those_of_the_profile_is_told_until_the_claim_leaves_it_out(tmp_path: Path) -> None:
    name = f"{SDOH}TaskForReferralManagement|3.0.0"
    (problem,) = told("referral", claimed(tmp_path, "referral", f"task: ['{name}']"))
    golden("code-beside-those-of-a-profile", f"{problem}\n")
    claims = f"claims: {{'{name}': ['status!=received', authoredOn]}}\n"
    assert compiled("referral", "R4", (claimed(tmp_path, "referral", f"task: ['{name}']", claims),))
    constant = "change: {offers.status: {constant: task.status, value: ready}}\nlacks: {offers: x}\n"
    problems = told("referral", claimed(tmp_path, "referral", f"task: ['{name}']", constant))
    assert any("`task.status` may say ready, which" in each for each in problems)


def test_any_code_where_the_profile_has_its_own_is_told(tmp_path: Path) -> None:
    text = "mapping: x@1\nschema: x.json\nresources: {obs: {type: Observation}}\nrules:\n"
    text += "  n: {key: obs.identifier, system: 'urn:x'}\n  code: {constant: obs.code, value: 'snomed#1'}\n"
    text += "  s: {constant: obs.status, value: final}\n  why: {concept: obs.dataAbsentReason}\n"
    text += f"profiles: {{obs: ['{SDOH}ObservationRaceOMB|3.0.0']}}\n"
    concept = {"type": "object", "properties": {"codings": {"type": "array"}, "text": {"type": "string"}}}
    schema = {"type": "object", "properties": {"n": {"type": "string"}, "why": concept}}
    (tmp_path / "x.json").write_text(json.dumps(schema), encoding="utf-8")
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(MappingFileError) as caught:
        compiled(str(tmp_path / "x.yaml"), "R4")
    assert any("`obs.dataAbsentReason` may say any code, which" in each.what for each in caught.value.problems)


def test_a_slice_of_a_value_set_and_how_many_there_must_be_are_told_until_the_claim_asks_for_them(
    tmp_path: Path,
) -> None:
    name = f"{SDOH}Condition|3.0.0"
    golden(
        "slices-of-a-profile",
        "".join(f"{each}\n" for each in told("need", claimed(tmp_path, "need", f"need: ['{name}']"))),
    )
    asked = "['category~us-core-category#sdoh', 'category~us-core-condition-category#health-concern', code]"
    more = f"claims: {{'{name}': {asked}}}\n"
    assert compiled("need", "R4", (claimed(tmp_path, "need", f"need: ['{name}']", more),))
    other = more.replace("us-core-category#sdoh", "own#psychosocial")
    (problem,) = told("need", claimed(tmp_path, "need", f"need: ['{name}']", other))
    assert "requires Condition.category:screening-assessment, a code of" in problem


def test_what_a_profile_requires_and_no_claim_asks_for_is_told(tmp_path: Path) -> None:
    name = f"{US}condition-problems-health-concerns|7.0.0"
    more = f"claims: {{'{name}': [code]}}\n"
    (problem,) = told("need", claimed(tmp_path, "need", f"need: ['{name}']", more))
    golden("claim-that-asks-for-too-little", f"{problem}\n")
    assert compiled(
        "need", "R4", (claimed(tmp_path, "need", f"need: ['{name}']", more.replace("[code]", "[category]")),)
    ), "a code is always there, were it marked as unknown"


def test_a_list_where_a_profile_allows_one_and_a_type_it_does_not_allow_are_told(tmp_path: Path) -> None:
    problems = told("consent", claimed(tmp_path, "consent", f"consent: ['{SDOH}Consent|3.0.0']"))
    assert any("`consent.organization` may be any number, and" in each for each in problems)
    more = "add: {once: {constant: outcome.performedString, value: once}}\n"
    problems = told("outcome", claimed(tmp_path, "outcome", f"outcome: ['{SDOH}Procedure|2.2.0']", more))
    assert any(
        "`outcome.performedString` is written, and" in each and "allows performedDateTime" in each for each in problems
    )


def test_in_another_version_of_fhir_a_profile_is_not_claimed(tmp_path: Path) -> None:
    site = claimed(tmp_path, "goal", f"goal: ['{US}goal|7.0.0']", f"claims: {{'{US}goal|7.0.0': [subject]}}\n")
    assert compiled("goal", "R4", (site,)).profiles == {"goal": (f"{US}goal|7.0.0",)}
    mapping = compiled("goal", "R5", (site,))
    assert (mapping.profiles, mapping.claims) == ({}, {})
    (goal,) = to_fhir(GOAL, "R5", overlays=[site])
    assert "meta" not in goal
    assert only(to_fhir(GOAL, "R4", overlays=[site]), "Goal")["meta"]["profile"] == [f"{US}goal"]
