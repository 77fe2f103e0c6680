"""A site's overlay adds, changes and drops rules and rows; the mapping without it stays as it was."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.mapping.examples import BOTH, PLAN, but, every

from fhircase.errors import MappingFileError
from fhircase.mapping import files, from_fhir, to_fhir
from fhircase.mapping.compiled import compiled
from fhircase.mapping.context import absent_marker

Overlay = Callable[[str], str]
PLANS = "over: [care-plan@1]\n"


@pytest.fixture
def overlay(tmp_path: Path) -> Overlay:
    def write(text: str, name: str = "site") -> str:
        place = tmp_path / f"{name}.yaml"
        place.write_text(f"overlay: {name}@1\n{text}", encoding="utf-8")
        return str(place)

    return write


@BOTH
def test_a_changed_rule_is_written_and_read_elsewhere(fhir: str, overlay: Overlay) -> None:
    site = overlay(
        PLANS + "extensions: {site-title: 'https://site.example/title'}\n"
        "change: {title: {field: 'plan.extension[site-title].valueString'}}\n"
    )
    (plan, *rest) = to_fhir(PLAN, fhir, overlays=[site])
    assert "title" not in plan
    assert {"url": "https://site.example/title", "valueString": "Going home"} in plan["extension"]
    assert from_fhir([plan, *rest], fhir, overlays=[site]).record == PLAN
    assert from_fhir([plan, *rest], fhir).record.title is None


@BOTH
def test_a_change_may_make_a_rule_one_of_another_kind(fhir: str, overlay: Overlay) -> None:
    site = overlay(PLANS + "change: {intent: {code: plan.intent, table: x}}\ntable: {}\n")
    with pytest.raises(MappingFileError, match="no word `table`; did you mean `tables`"):
        compiled("care-plan", fhir, (site,))
    site = overlay(
        PLANS
        + "change: {status_reason: {concept: 'plan.extension[x].valueCodeableConcept'}}\nextensions: {x: 'http://x.example'}\n",
        "other",
    )
    assert compiled("care-plan", fhir, (site,))


@BOTH
def test_a_constant_is_added_and_another_changed(fhir: str, overlay: Overlay) -> None:
    site = overlay(PLANS + "add: {german: {constant: plan.language, value: de}}\nchange: {intent: {value: order}}\n")
    plan = to_fhir(PLAN, fhir, overlays=[site])[0]
    assert (plan["language"], plan["intent"]) == ("de", "order")


@BOTH
def test_a_dropped_rule_leaves_its_field_without_one_which_is_told(fhir: str, overlay: Overlay) -> None:
    site = overlay(PLANS + "drop: [title]\n")
    with pytest.raises(MappingFileError, match="field `title` of CarePlan has no rule"):
        compiled("care-plan", fhir, (site,))


@BOTH
def test_rows_of_an_overlay_are_read_and_written_before_the_others(fhir: str, overlay: Overlay) -> None:
    site = overlay("over: [goal@1]\nrows: {goal-achievement: [[achieved, reached], [sustaining, held]]}\n")
    goal = every(to_fhir(PLAN, fhir), "Goal")[0]

    def achieved(code: str) -> dict[str, object]:
        return {**goal, "achievementStatus": {"coding": [{"system": ACHIEVEMENT, "code": code}]}}

    for code, status in (("reached", "achieved"), ("achieved", "achieved"), ("held", "sustaining")):
        found = from_fhir(achieved(code), fhir, overlays=[site]).record
        assert found.achievement == status
        (made,) = to_fhir(found, fhir, overlays=[site])
        assert made["achievementStatus"]["coding"][0]["code"] in ("reached", "held")
    assert from_fhir(achieved("reached"), fhir).record.achievement == "unspecified"


ACHIEVEMENT = "http://terminology.hl7.org/CodeSystem/goal-achievement"


def test_rows_are_put_first_in_a_version_that_has_rows_of_its_own_too(overlay: Overlay) -> None:
    site = overlay("over: [need@1]\nrows: {need-status: [[active, ongoing]]}\n")
    condition = {
        "resourceType": "Condition",
        "id": "1",
        "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "ongoing"}]},
    }
    assert from_fhir(condition, "R5", overlays=[site]).record.status == "active"
    with pytest.raises(MappingFileError, match=r"site.yaml:3: `ongoing` is no code of .*condition-clinical"):
        from_fhir(condition, "R4", overlays=[site])


CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"


@BOTH
def test_overlays_are_laid_in_their_order(fhir: str, overlay: Overlay) -> None:
    first = overlay(PLANS + "change: {intent: {value: order}}\n", "first")
    second = overlay(PLANS + "change: {intent: {value: option}}\n", "second")
    assert to_fhir(PLAN, fhir, overlays=[first, second])[0]["intent"] == "option"
    assert to_fhir(PLAN, fhir, overlays=[second, first])[0]["intent"] == "order"


def test_a_rule_inside_a_list_is_changed_by_its_way(overlay: Overlay) -> None:
    site = overlay(PLANS + "change: {goals.client: {same: plan.subject, at: goal.expressedBy}}\n")
    with pytest.raises(MappingFileError, match=r"Goal\.subject is required|owned by two rules"):
        compiled("care-plan", "R4", (site,))


def test_an_overlay_over_other_mappings_changes_nothing(overlay: Overlay) -> None:
    site = overlay("over: [case@1]\nchange: {status: {table: nowhere}}\n")
    assert files.flattened("care-plan", (site,)) is files.mapping("care-plan")


@BOTH
def test_the_shipped_mapping_is_not_changed_by_an_overlay_over_it(fhir: str, overlay: Overlay) -> None:
    before = to_fhir(PLAN, fhir)
    site = overlay(PLANS + "change: {intent: {value: order}}\n")
    to_fhir(PLAN, fhir, overlays=[site])
    assert to_fhir(but(PLAN), fhir) == before


def test_a_misspelt_rule_name_is_told_with_the_nearest(overlay: Overlay) -> None:
    site = overlay(PLANS + "change: {titel: {field: plan.title}}\n")
    with pytest.raises(MappingFileError) as caught:
        files.flattened("care-plan", (site,))
    assert str(caught.value) == "site.yaml:3: rule `titel` is not there; did you mean `title`? (change)"


def test_an_overlay_that_nobody_knows_is_told() -> None:
    with pytest.raises(MappingFileError, match="no overlay is called `nowhere`"):
        compiled("case", "R4", ("nowhere",))


def test_profiles_that_an_overlay_claims_are_the_mappings(overlay: Overlay) -> None:
    url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
    site = overlay(f"over: [goal@1, care-plan@1]\nprofiles: {{goal: ['{url}goal|6.1.0']}}\n")
    other = overlay(f"over: [goal@1]\nprofiles: {{goal: ['{url}goal|7.0.0', '{url}goal|6.1.0']}}\n", "other")
    assert compiled("care-plan", "R4", (site, other)).profiles == {"goal": (f"{url}goal|6.1.0",)}
    assert compiled("goal", "R4", (site, other)).profiles == {"goal": (f"{url}goal|7.0.0", f"{url}goal|6.1.0")}
    assert compiled("goal", "R4").profiles == {}


def test_a_profile_of_an_unknown_resource_or_without_a_version_is_refused(overlay: Overlay) -> None:
    site = overlay(PLANS + "profiles: {pln: ['http://x.example/y|1']}\n")
    with pytest.raises(MappingFileError, match=r"site.yaml:3: no resource is called `pln`; did you mean `plan`"):
        compiled("care-plan", "R4", (site,))
    site = overlay(PLANS + "profiles: {plan: ['http://x.example/y']}\n", "other")
    with pytest.raises(MappingFileError, match=r"other.yaml:3: `plan` takes a list of profiles"):
        compiled("care-plan", "R4", (site,))


@BOTH
def test_a_bare_value_that_is_needed_is_marked_beside_its_name_while_nobody_says_it(
    fhir: str, overlay: Overlay
) -> None:
    site = overlay(PLANS + "add: {described: {needed: plan.description}}\n")
    silent, told = but(PLAN, description=None), but(PLAN, description="Home by May")
    (plan, *rest) = to_fhir(silent, fhir, overlays=[site])
    assert (plan.get("description"), plan["_description"]) == (None, absent_marker())
    assert from_fhir([plan, *rest], fhir, overlays=[site]).record == silent
    (said, *others) = to_fhir(told, fhir, onto=[plan, *rest], overlays=[site])
    assert (said["description"], said.get("_description")) == ("Home by May", None)
    assert to_fhir(silent, fhir, onto=[said, *others], overlays=[site])[0] == plan
