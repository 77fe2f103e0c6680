"""What each word of an overlay does, and what is told where it is used wrongly."""

from pathlib import Path
from typing import Any

import pytest
from tests.mapping.examples import BOTH, CLIENT, PLAN, REFERRAL, but, key, only
from tests.mapping.test_wrong_files import golden, told

from fhircase.errors import RecordInvalid
from fhircase.mapping import files, from_fhir, to_fhir
from fhircase.mapping.compiled import compiled
from fhircase.model import WorkItem

REQUEST = WorkItem(key=key("work-item", "W-1"), nature="request", client=CLIENT, status="active", intent="plan")


def laid(folder: Path, text: str, name: str = "site") -> str:
    place = folder / f"{name}.yaml"
    place.write_text(f"overlay: {name}@1\n{text}", encoding="utf-8")
    return str(place)


def test_an_overlay_for_one_version_of_fhir_changes_no_other(tmp_path: Path) -> None:
    site = laid(tmp_path, "over: [care-plan@1]\nfhir: R5\nchange: {intent: {value: order}}\n")
    intents = {fhir: to_fhir(PLAN, fhir, overlays=[site])[0]["intent"] for fhir in ("R4", "R4B", "R5")}
    assert intents == {"R4": "plan", "R4B": "plan", "R5": "order"}


def test_r4_is_r4b_too_and_a_list_is_of_all_its_versions(tmp_path: Path) -> None:
    change = "change: {intent: {value: order}}\n"
    r4 = laid(tmp_path, f"over: [care-plan@1]\nfhir: R4\n{change}", "r4")
    r4b = laid(tmp_path, f"over: [care-plan@1]\nfhir: [R4B, R5]\n{change}", "r4b")
    assert [to_fhir(PLAN, fhir, overlays=[r4])[0]["intent"] for fhir in ("R4", "R4B", "R5")] == ["order"] * 2 + ["plan"]
    assert [to_fhir(PLAN, fhir, overlays=[r4b])[0]["intent"] for fhir in ("R4", "R4B", "R5")] == ["plan"] + [
        "order"
    ] * 2


@BOTH
def test_a_resource_that_is_added_has_rules_of_its_own(fhir: str, tmp_path: Path) -> None:
    site = laid(
        tmp_path,
        "over: [care-plan@1]\n"
        "resources: {team: {type: CareTeam, via: plan.careTeam, make: always}}\n"
        "add:\n  team_status: {constant: team.status, value: active}\n"
        "  team_of: {same: plan.subject, at: team.subject}\n"
        "change: {teams: {list: 'plan.careTeam[display]'}}\n",
    )
    written = to_fhir(PLAN, fhir, overlays=[site])
    team = only(written, "CareTeam")
    assert (team["status"], team["subject"]) == ("active", written[0]["subject"])
    assert written[0]["careTeam"] == [{"reference": f"urn:uuid:{team['id']}"}]
    assert from_fhir(written, fhir, overlays=[site]).record == PLAN


@BOTH
def test_a_field_that_a_site_does_not_carry_is_dropped_with_its_reason(fhir: str, tmp_path: Path) -> None:
    site = laid(tmp_path, "over: [care-plan@1]\ndrop: [title]\nlacks: {title: nobody reads it}\n")
    written = to_fhir(PLAN, fhir, overlays=[site])
    assert "title" not in written[0]
    assert from_fhir(written, fhir, overlays=[site]).record == but(PLAN, title=None)


@BOTH
def test_what_is_lacking_already_stays_so(fhir: str, tmp_path: Path) -> None:
    site = laid(tmp_path, "over: [work-request@1]\ndrop: [created]\nlacks: {created: not here}\n")
    lacks = files.flattened("work-request", (site,), fhir)["lacks"]
    assert (lacks["created"], lacks["description"]) == ("not here", "a request says it in `what` and notes")
    assert from_fhir(to_fhir(REQUEST, fhir, overlays=[site]), fhir, overlays=[site]).record == REQUEST


def test_rows_under_reads_are_read_and_never_written(tmp_path: Path) -> None:
    site = laid(
        tmp_path,
        "over: [referral@1]\nreads: {offer-status: {others begin with it: [[accepted, in-progress, begun]]}}\n"
        "systems: {theirs: 'http://theirs.example'}\n",
    )
    written = to_fhir(but(REFERRAL, offers=REFERRAL.offers[:1]), overlays=[site])
    task = only(written, "Task")
    own = "https://fhircase.org/fhir/CodeSystem/fhircase"
    task |= {"status": "in-progress", "businessStatus": {"coding": [{"system": own, "code": "begun"}]}}
    found = from_fhir(written, overlays=[site]).record
    assert found.offers[0].status == "accepted"
    assert only(to_fhir(found, overlays=[site]), "Task")["status"] == "accepted"
    assert from_fhir(written).record.offers[0].status == "in-progress"


@BOTH
def test_a_table_that_an_overlay_brings_is_used_by_its_rules(fhir: str, tmp_path: Path) -> None:
    site = laid(
        tmp_path,
        "over: [goal@1]\nextensions: {risk: 'http://site.example/risk'}\n"
        "tables: {risk: {rows: [[steep, H], [slight, L]]}}\n"
        "add: {custom.risk: {code: 'goal.extension[risk].valueCode', table: risk}}\n",
    )
    mapping = compiled("goal", fhir, (site,))
    assert mapping.sayable.custom.model_fields.keys() == {"risk"}
    goal = {
        "resourceType": "Goal",
        "id": "1",
        "lifecycleStatus": "active",
        "extension": [{"url": "http://site.example/risk", "valueCode": "L"}],
    }
    found = from_fhir(goal, fhir, overlays=[site]).record
    assert found.custom.risk == "slight"
    assert to_fhir(found, fhir, overlays=[site])[0]["extension"] == goal["extension"]
    with pytest.raises(RecordInvalid, match="no rule says this field"):
        to_fhir(found, fhir)


def test_an_overlay_that_is_laid_again_is_as_it_was(tmp_path: Path) -> None:
    site = laid(
        tmp_path,
        "over: [goal@1]\nchange: {achievement: {code: goal.achievementStatus.text, table: how-far}}\n"
        "tables:\n  how-far: {unknown: leave, rows: [improving, worsening]}\nrows: {how-far: [[improving, nearly]]}\n",
    )
    other = laid(tmp_path, "over: [goal@1]\nchange: {achievement: {unless: {goal.language: de}}}\n", "other")
    first = files.flattened("goal", (site,))
    assert list(first["tables"]["how-far"]["rows"]) == [["improving", "nearly"], "improving", "worsening"]
    files.flattened("goal", (site, other))
    again = files.flattened("goal", (site,))
    assert (again["tables"], again["rules"]) == (first["tables"], first["rules"])


@BOTH
def test_of_two_overlays_that_change_a_rule_the_later_counts_word_by_word(fhir: str, tmp_path: Path) -> None:
    first = laid(tmp_path, "over: [care-plan@1]\nchange: {intent: {value: order, accepts: [plan]}}\n", "first")
    second = laid(tmp_path, "over: [care-plan@1]\nchange: {intent: {value: option, R5: {accepts: [plan]}}}\n", "second")
    plan = to_fhir(PLAN, fhir, overlays=[first, second])
    assert plan[0]["intent"] == "option"
    proposal = [{**plan[0], "intent": "plan"}, *plan[1:]]
    assert from_fhir(proposal, fhir, overlays=[first, second]).record == PLAN, "what the first says of it stays"


def test_of_two_overlays_with_a_row_for_a_value_the_later_is_written_and_both_are_read(tmp_path: Path) -> None:
    own = "https://fhircase.org/fhir/CodeSystem/fhircase"
    first = laid(tmp_path, "over: [referral@1]\nrows: {offer-status: [[seen, requested, opened]]}\n", "first")
    second = laid(tmp_path, "over: [referral@1]\nrows: {offer-status: [[seen, requested, looked-at]]}\n", "second")
    both = [first, second]
    seen = but(REFERRAL, offers=(but(REFERRAL.offers[0], status="seen"),))
    written = to_fhir(seen, overlays=both)
    assert only(written, "Task")["businessStatus"]["coding"] == [{"system": own, "code": "looked-at"}]
    assert from_fhir(written, overlays=both).record == seen
    assert from_fhir(to_fhir(seen, overlays=[first]), overlays=both).record == seen
    assert from_fhir(to_fhir(seen), overlays=both).record == seen


def test_an_overlay_over_another_is_laid_after_it_whichever_is_named_first(tmp_path: Path) -> None:
    first = laid(tmp_path, "over: [care-plan@1]\nchange: {intent: {value: order}}\n", "first")
    second = laid(tmp_path, f"over: [care-plan@1, '{first}']\nchange: {{intent: {{value: option}}}}\n", "second")
    for named in ([second], [first, second], [second, first]):
        assert to_fhir(PLAN, overlays=named)[0]["intent"] == "option"


WRONG: dict[str, tuple[str, str]] = {
    "overlay-for-no-version": ("goal", "over: [goal@1]\nfhir: [R4, R6]\n"),
    "overlay-over-nothing-known": ("goal", "over: [goal@1, us-cor@7.0.0]\n"),
    "overlay-with-a-resource-of-no-type": ("care-plan", "over: [care-plan@1]\nresources: {tem: {make: always}}\n"),
    "overlay-with-a-resource-of-an-unknown-type": ("goal", "over: [goal@1]\nresources: {other: {type: Gaol}}\n"),
    "overlay-with-a-misspelt-word-of-a-resource": ("goal", "over: [goal@1]\nresources: {goal: {mak: always}}\n"),
    "overlay-that-lacks-no-field": ("goal", "over: [goal@1]\nlacks: {ownr: x}\n"),
    "overlay-that-lacks-without-a-reason": ("goal", "over: [goal@1]\nlacks: [owner]\n"),
    "overlay-with-a-table-that-is-there": (
        "goal",
        "over: [goal@1]\ntables:\n  goal-lifecycle: {rows: [a]}\n  priority: {rows: [a]}\n",
    ),
    "overlay-with-rows-for-no-table": ("goal", "over: [goal@1]\nrows: {goal-lifecicle: [[a, b]]}\n"),
    "overlay-with-reads-without-a-reason": ("goal", "over: [goal@1]\nreads: {goal-lifecycle: [[active, x, '-']]}\n"),
    "overlay-with-reads-for-no-table": ("goal", "over: [goal@1]\nreads: {goal-lifecicle: {x: [[active, x, '-']]}}\n"),
    "overlay-with-a-row-of-too-few-cells": ("goal", "over: [goal@1]\nrows: {goal-lifecycle: [[active]]}\n"),
    "overlay-with-a-row-that-fhir-does-not-have": (
        "goal",
        "over: [goal@1]\nrows: {goal-lifecycle: [[active, x, '-']]}\n",
    ),
    "overlay-with-two-rows-for-a-value": (
        "referral",
        "over: [referral@1]\nrows: {offer-status: [[seen, requested, a], [seen, requested, b]]}\n",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_word_that_is_used_wrongly_is_told(name: str, tmp_path: Path) -> None:
    mapping, text = WRONG[name]
    golden(name, told(lambda: compiled(mapping, "R4", (laid(tmp_path, text),))))


def clashing(folder: Path, one: str, other: str) -> Any:
    names = tuple(
        laid(folder, f"over: [care-plan@1]\n{text}\n", name) for name, text in (("first", one), ("second", other))
    )
    return lambda: compiled("care-plan", "R4", names)


CLASHES = {
    "overlays-that-add-the-same-rule": ("add: {x: {constant: plan.language, value: de}}",) * 2,
    "overlays-of-which-one-drops-what-the-other-changes": (
        "drop: [title]\nlacks: {title: x}",
        "change: {title: {field: x}}",
    ),
    "overlays-that-bring-the-same-table": ("tables: {x: {rows: [a]}}",) * 2,
    "overlays-that-write-the-same-place": (
        "add: {x: {constant: plan.language, value: de}}",
        "add: {y: {constant: plan.language, value: en}}",
    ),
}


@pytest.mark.parametrize("name", CLASHES)
def test_two_overlays_that_cannot_both_be_laid_are_told(name: str, tmp_path: Path) -> None:
    golden(name, told(clashing(tmp_path, *CLASHES[name])))


def test_overlays_that_lie_over_each_other_are_told(tmp_path: Path) -> None:
    first, second, third = (tmp_path / f"{name}.yaml" for name in ("first", "second", "third"))
    for place, over in ((first, second), (second, third), (third, first)):
        place.write_text(f"overlay: {place.stem}@1\n\nover: [goal@1, '{over}']\n", encoding="utf-8")
    text = told(lambda: compiled("goal", "R4", (str(first),))).replace(f"{tmp_path}/", "")
    golden("overlays-over-each-other", text)
    second.write_text(f"overlay: second@1\nover: ['{second}']\n", encoding="utf-8")
    files.documents.cache_clear()
    assert "lies over itself" in told(lambda: compiled("goal", "R4", (str(second),)))
