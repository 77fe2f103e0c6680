"""`fhircase read --unknown`: codes that no table knows, as a list to work through."""

import json

import pytest

from fhircase.cli import exits

OVERLAY = """\
overlay: goals@1
over: [goal@1]
change: {achievement: {table: how-far}}
tables:
  how-far:
    rows: [in-progress, improving]
    lacks: {worsening: x, no-change: x, achieved: x, sustaining: x, not-achieved: x, no-progress: x, not-attainable: x}
"""
SYSTEM = "http://terminology.hl7.org/CodeSystem/goal-achievement"


def goal(number, code):
    return {
        "resourceType": "Goal",
        "id": f"g{number}",
        "lifecycleStatus": "active",
        "description": {"text": "walks"},
        "subject": {"reference": "Patient/1"},
        "achievementStatus": {"coding": [{"system": SYSTEM, "code": code}]},
    }


@pytest.fixture
def goals(tmp_path):
    codes = ["nearly", "improving", "nearly", "started", "nearly", "nearly"]
    lines = [json.dumps(goal(number, code)) for number, code in enumerate(codes)]
    (tmp_path / "goals.ndjson").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "goals.yaml").write_text(OVERLAY, encoding="utf-8")
    return ("read", "goals.ndjson", "--overlay", "goals.yaml", "-o", "records.ndjson")


def rows(place):
    return [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()]


NEARLY = {
    "table": "how-far",
    "code": "nearly",
    "place": "goal.achievementStatus.coding[system=$goal-achievement].code",
    "records": 4,
    "times": 4,
    "examples": ["Goal/g0", "Goal/g2", "Goal/g4"],
}


@pytest.mark.parametrize("how", [(), ("--each",), ("--each", "--jobs", "2")], ids=" ".join)
def test_codes_that_no_table_knows_are_listed_by_how_much_waits_for_them(run, goals, tmp_path, how):
    done = run(*goals, *how, "--unknown", "codes.ndjson")
    assert done.exit_code == exits.BAD_INPUT
    assert "2 codes that no table knows: in codes.ndjson: add a row for each, and read again" in done.stderr
    nearly, started = rows(tmp_path / "codes.ndjson")
    assert nearly == NEARLY
    assert (started["code"], started["records"], started["examples"]) == ("started", 1, ["Goal/g3"])
    assert len(rows(tmp_path / "records.ndjson")) == 1


def test_with_the_rows_everything_is_read_and_the_list_is_empty(run, goals, tmp_path):
    more = OVERLAY + "    reads: {so they say: [[improving, nearly], [in-progress, started]]}\n"
    (tmp_path / "goals.yaml").write_text(more, encoding="utf-8")
    done = run(*goals, "--unknown", "codes.ndjson")
    assert done.exit_code == exits.DONE, done.stderr
    assert rows(tmp_path / "codes.ndjson") == []
    assert len(rows(tmp_path / "records.ndjson")) == 6


def test_without_a_file_it_is_said_that_codes_are_missing(run, goals):
    assert "2 codes that no table knows: `--unknown FILE` lists them" in run(*goals).stderr
