"""The mappings, for people."""

import pytest

from fhircase.cli import exits
from fhircase.mapping import files
from fhircase.mapping.files import folder


@pytest.fixture
def caseload(run, tmp_path):
    run("sample", "--count", "3", "-o", "records.ndjson")
    run("map", "records.ndjson", "-o", "resources.ndjson")
    return tmp_path


def test_the_shipped_mappings_are_listed(run):
    listed = run("mappings", "list").stdout
    for name in ("case@1", "care-plan@1", "referral@1"):
        assert name in listed


def test_the_shipped_mappings_have_no_problems(run):
    result = run("mappings", "check")
    assert result.exit_code == exits.DONE
    assert "10 mappings checked for R4 and R5, alone and with each of 5 overlays: no problems" in result.stderr


def test_what_is_wrong_with_a_shipped_overlay_is_told_once_without_naming_it(run, tmp_path, monkeypatch):
    place = tmp_path / "wrong.yaml"
    rule = "{field: task.nowhere}"
    place.write_text(f"overlay: wrong@1\nover: [case@1, work-task@1]\nadd: {{custom.x: {rule}}}\n", encoding="utf-8")
    monkeypatch.setattr(files, "overlays", lambda: [str(place)])
    result = run("mappings", "check")
    assert result.exit_code == exits.USAGE
    assert result.stderr.count("wrong.yaml:3: ") == 1
    assert "has no element `nowhere`" in result.stderr


def test_an_overlay_file_is_checked_over_the_mappings_it_names(run, tmp_path, golden):
    (tmp_path / "site.yaml").write_text(
        "overlay: site@1\nover: [case@1]\nchange:\n  statsu: {field: task.status}\ndrop: [nots]\n", encoding="utf-8"
    )
    result = run("mappings", "check", "site.yaml")
    assert result.exit_code == exits.USAGE
    golden("overlay-with-misspelt-rules", result.stderr)


def test_a_file_that_is_not_yaml_is_told_with_its_line(run, tmp_path, golden):
    (tmp_path / "broken.yaml").write_text("mapping: x@1\nrules: {a: [}\n", encoding="utf-8")
    result = run("mappings", "check", "broken.yaml")
    assert result.exit_code == exits.USAGE
    golden("mapping-not-yaml", result.stderr)


def test_an_unknown_mapping_is_told_with_the_nearest(run, golden):
    result = run("mappings", "explain", "referal")
    assert result.exit_code == exits.USAGE
    golden("mapping-unknown", result.stderr)


@pytest.mark.parametrize("name", ["case", "care-plan", "referral", "need", "goal", "care-team", "outcome", "consent"])
@pytest.mark.parametrize("version", ["R4", "R5"])
def test_each_rule_is_explained_with_its_places(run, name, version):
    result = run("mappings", "explain", name, "--fhir", version)
    assert result.exit_code == exits.DONE
    assert f"{name}@1 for {version}" in result.stdout
    assert f"{name}.yaml:" in result.stdout


def test_a_rule_of_a_list_and_its_codes_are_explained(run):
    shown = run("mappings", "explain", "referral").stdout
    assert "offers[].agency" in shown
    assert "task.owner" in shown
    assert "declined = rejected | -" in shown


def test_a_resource_is_explained_element_by_element(run, caseload):
    result = run("explain", "resources.ndjson")
    assert result.exit_code == exits.DONE
    (line,) = [line for line in result.stdout.splitlines() if "EpisodeOfCare#/status " in line][:1]
    assert "case.yaml:" in line
    assert " status" in line
    assert "case-status: assessing = in-progress | assessing | active" in line


def test_what_no_rule_owns_is_explained_as_kept(run, tmp_path):
    (tmp_path / "goal.json").write_text(
        '{"resourceType": "Goal", "id": "1", "language": "de", "lifecycleStatus": "active",'
        ' "description": {"text": "eat"}, "subject": {"reference": "Patient/1"}}',
        encoding="utf-8",
    )
    lines = run("explain", "goal.json").stdout.splitlines()
    (language,) = [line for line in lines if "Goal#/language" in line]
    assert "not owned, kept" in language
    (status,) = [line for line in lines if "Goal#/lifecycleStatus" in line]
    assert "goal-lifecycle: active = active | -" in status


@pytest.mark.parametrize("place", sorted((folder() / "overlays").glob("*.yaml")), ids=lambda place: place.stem)
def test_every_shipped_overlay_file_is_right(run, place):
    result = run("mappings", "check", str(place))
    assert (result.exit_code, result.stdout) == (exits.DONE, "")


def test_a_record_is_explained_field_by_field(run, caseload):
    result = run("explain", "records.ndjson")
    assert result.exit_code == exits.DONE
    assert any("case_manager" in line and "Task#/owner/" in line for line in result.stdout.splitlines())


def test_what_is_neither_is_told(run, tmp_path):
    (tmp_path / "x.json").write_text("[1]", encoding="utf-8")
    result = run("explain", "x.json")
    assert result.exit_code == exits.BAD_INPUT
    assert "x.json:1: not a FHIR resource" in result.stderr


def test_a_rule_that_an_overlay_changed_is_explained_with_the_overlays_line(run, tmp_path):
    (tmp_path / "changing.yaml").write_text(
        "overlay: site@1\nover: [goal@1]\nchange:\n  status_reason: {field: goal.language}\n", encoding="utf-8"
    )
    goal = '{"resourceType": "Goal", "id": "1", "language": "de", "lifecycleStatus": "active"}'
    (tmp_path / "goal.json").write_text(goal, encoding="utf-8")
    shown = run("explain", "goal.json", "--overlay", "changing.yaml").stdout
    (line,) = [line for line in shown.splitlines() if "Goal#/language" in line]
    assert "+changing.yaml:4 status_reason" in line
    assert "changing.yaml" not in run("explain", "goal.json").stdout


def test_an_overlay_over_nothing_is_a_mistake(run, tmp_path):
    for name, over in (("none", ""), ("word", "over: case@1\n"), ("unknown", "over: [case]\n")):
        (tmp_path / f"{name}.yaml").write_text(f"overlay: site\n{over}", encoding="utf-8")
        result = run("mappings", "check", f"{name}.yaml")
        assert result.exit_code == exits.USAGE
        assert f"{name}.yaml: lies over no mapping" in result.stderr
