"""`fhircase mappings new`: a mapping to start from, written where the user says, and never over what is there."""

import json

import pytest

from fhircase.cli import exits

MODEL = """
from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass
class Plan:
    plan_no: int
    patient_id: str
    status: Literal["open", "shut", "frozen"]
    begin: date
    internal: str = ""
"""
SCHEMA = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "title": {"type": "string"}}}


@pytest.fixture
def theirs(tmp_path):
    (tmp_path / "their_plans.py").write_text(MODEL, encoding="utf-8")
    (tmp_path / "plan.schema.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    return ("mappings", "new", "--model", "their_plans:Plan", "--resource", "CarePlan")


def test_it_writes_a_file_and_says_how_much_is_sure_and_what_is_open(run, theirs, tmp_path):
    made = run(*theirs, "-o", "plan.yaml")
    assert made.exit_code == exits.DONE
    assert made.stderr.splitlines() == [
        "guessed: 1 sure, 3 likely; 1 field without a rule; 5 to decide",
        "`fhircase mappings check plan.yaml` names 1 problem until that is decided",
    ]
    checked = run("mappings", "check", "plan.yaml")
    assert checked.exit_code == exits.USAGE
    assert "the table has no row for `frozen` (status)" in checked.stderr

    text = (tmp_path / "plan.yaml").read_text(encoding="utf-8")
    decided = text.replace("- [shut,", "- [frozen, on-hold]\n      - [shut,").replace(
        "      on-hold: to be decided\n", ""
    )
    (tmp_path / "decided.yaml").write_text(decided, encoding="utf-8")
    assert run("mappings", "check", "decided.yaml").exit_code == exits.DONE


def test_without_a_file_it_is_written_to_standard_output(run, theirs, tmp_path):
    written = run(*theirs)
    assert written.exit_code == exits.DONE
    assert run(*theirs, "-o", "-").stdout == written.stdout
    assert run(*theirs, "-o", "plan.yaml").stdout == ""
    assert (tmp_path / "plan.yaml").read_text(encoding="utf-8") == written.stdout


def test_a_file_that_is_there_stays_unless_it_is_forced(run, theirs, tmp_path):
    place = tmp_path / "plan.yaml"
    place.write_text("mine", encoding="utf-8")
    refused = run(*theirs, "-o", "plan.yaml")
    assert refused.exit_code == exits.USAGE
    assert refused.stderr == "plan.yaml: is there already; give another name to `-o`, or `--force` to replace it\n"
    assert place.read_text(encoding="utf-8") == "mine"
    assert run(*theirs, "-o", "plan.yaml", "--force").exit_code == exits.DONE
    assert place.read_text(encoding="utf-8").startswith("# A starting mapping for their_plans:Plan")


def test_a_schema_is_named_from_where_the_file_is_and_checks(run, theirs, tmp_path):
    (tmp_path / "maps").mkdir()
    made = run(
        *("mappings", "new", "--schema", "plan.schema.json", "--resource", "CarePlan"),
        *("--namespace", "https://hospital.example", "-o", "maps/plan.yaml"),
    )
    assert made.exit_code == exits.DONE
    text = (tmp_path / "maps" / "plan.yaml").read_text(encoding="utf-8")
    assert "\nschema: ../plan.schema.json\n" in text
    assert "id: {key: plan.identifier, system: https://hospital.example/id}" in text
    assert run("mappings", "check", "maps/plan.yaml").exit_code == exits.DONE


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (("--resource", "CarePlan"), "a mapping is for `--model` or for `--schema`, one of the two"),
        (("--model", "a:B", "--schema", "b.json", "--resource", "CarePlan"), "one of the two"),
        (("--model", "their_plans:Plan"), "it is not said what a record is in FHIR"),
        (("--model", "their_plans:Plam", "--resource", "CarePlan"), "did you mean `Plan`?"),
        (("--model", "their_plans", "--resource", "CarePlan"), "write `package.module:Class`"),
        (("--model", "no_module:Plan", "--resource", "CarePlan"), "run this where Python finds it"),
        (("--model", "their_plans:Plan", "--resource", "Careplan"), "did you mean `CarePlan`?"),
        (("--schema", "none.json", "--resource", "CarePlan"), "`none.json` cannot be read as JSON"),
    ],
)
def test_what_is_not_there_is_told_with_what_to_do(run, theirs, tmp_path, said, told):
    refused = run("mappings", "new", *said, "-o", "plan.yaml")
    assert refused.exit_code == exits.USAGE
    assert told in refused.stderr
    assert not (tmp_path / "plan.yaml").exists()
