"""`fhircase conflicts`: listed without values, shown side by side, settled by id."""

import json
from datetime import UTC, datetime

import pytest

from fhircase.cli import exits
from fhircase.exchange.places import conflict_id
from fhircase.ledger import Conflict, Local, RecordKey, open_ledger
from fhircase.model import CarePlan, Goal, Key
from fhircase.worker.texts import text_of

KEY = RecordKey("care-plan", "https://h.example", "P-1")
NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
PLAN = CarePlan(key=Key(kind="care-plan", namespace="https://h.example", value="P-1"), goals=(Goal(id="g1"),))


@pytest.fixture
def kept(tmp_path):
    """A ledger with a plan that has another title on the server, and the id of that conflict."""

    def keep(path="title", ours=b'"Ours"', theirs=b'"Theirs"', server="ehr"):
        id_ = conflict_id(server, KEY, path, ours, theirs)
        with open_ledger(tmp_path / "fhircase.ledger") as ledger:
            current = PLAN.model_copy(update={"title": "Theirs"})
            ledger.keep(KEY, text_of(current), now=NOW, local=Local(text_of(PLAN), "d"))
            ledger.pulled(server, [KEY], now=NOW)
            found = Conflict(id_, server, KEY, path, ours, theirs, None, said=NOW, reference="CarePlan/1")
            ledger.keep_conflict(found, now=NOW)
        return id_

    return keep


def state(tmp_path):
    with open_ledger(tmp_path / "fhircase.ledger") as ledger:
        record = json.loads(ledger.records([KEY])[KEY].current)
        return record, ledger.status()["servers"]["ehr"]["owed"], len(ledger.conflicts())


def test_the_list_names_places_and_no_values(run, kept):
    id_ = kept()
    for arguments in ((), ("--json",)):
        result = run("conflicts", "list", *arguments)
        assert result.exit_code == exits.OWED
        assert id_ in result.stdout
        assert "title" in result.stdout
        assert "Theirs" not in result.stdout + result.stderr
    assert run("conflicts", "list", "--server", "other").exit_code == exits.DONE
    assert json.loads(run("status", "--json").stdout)["servers"]["ehr"]["conflicts"] == 1


def test_both_sides_are_shown_side_by_side(run, kept):
    id_ = kept()
    result = run("conflicts", "show", id_[:6])
    assert result.exit_code == exits.DONE
    [row] = [line.split() for line in result.stdout.splitlines() if "Ours" in line]
    assert row == ["title", "Ours", "Theirs", "(says", "nothing)"]
    assert "CarePlan/1" in result.stderr
    shown = json.loads(run("conflicts", "show", id_, "--json").stdout)
    assert (shown["ours"], shown["theirs"], shown["base"], shown["said"]) == ("Ours", "Theirs", None, NOW.isoformat())


def test_of_an_item_those_fields_are_shown_that_differ(run, kept):
    id_ = kept("goals[g1]", b'{"id":"g1","lifecycle":"active"}', b'{"id":"g1","lifecycle":"completed","start":"2026"}')
    rows = [line.split()[:3] for line in run("conflicts", "show", id_).stdout.splitlines()[1:]]
    assert rows == [["lifecycle", "active", "completed"], ["start", "(says", "nothing)"]]


@pytest.mark.parametrize(
    ("how", "title", "owed"),
    [
        (["--ours"], "Ours", 1),
        (["--theirs"], "Theirs", 0),
        (["--edit", '"Both"'], "Both", 1),
        (["--edit", "-"], "In", 1),
    ],
)
def test_it_is_settled_by_its_id(run, kept, tmp_path, how, title, owed):
    result = run("conflicts", "settle", kept(), *how, stdin=b'"In"')
    assert (result.exit_code, "1 conflict settled" in result.stderr) == (exits.DONE, True)
    record, debts, left = state(tmp_path)
    assert (record["title"], debts, left) == (title, owed, 0)
    assert run("conflicts", "list").exit_code == exits.DONE


def test_all_with_a_server_are_settled_only_when_that_is_said_twice(run, kept, tmp_path):
    kept()
    kept("description", b'"o"', b'"t"')
    for arguments in (["--all"], ["--all", "--server", "ehr"], ["--all", "--yes"], ["x", "--all"]):
        assert run("conflicts", "settle", "--theirs", *arguments).exit_code == exits.USAGE
    result = run("conflicts", "settle", "--theirs", "--all", "--server", "ehr", "--yes", "--json")
    assert len(json.loads(result.stdout)["settled"]) == 2
    assert state(tmp_path)[2] == 0


@pytest.mark.parametrize(
    "arguments",
    [["ID"], ["ID", "--ours", "--theirs"], ["--ours"], ["ID", "ID", "--edit", "1"], ["--all", "--edit", "1"]],
)
def test_what_is_not_clear_settles_nothing(run, kept, tmp_path, arguments):
    id_ = kept()
    result = run("conflicts", "settle", *(id_ if each == "ID" else each for each in arguments))
    assert result.exit_code == exits.USAGE
    assert state(tmp_path)[2] == 1


@pytest.mark.parametrize(
    ("value", "told"), [("Both", "a text stands in double quotes"), ("7", "title"), ('{"a": 1}', "title")]
)
def test_a_value_that_does_not_fit_is_told_without_being_quoted(run, kept, tmp_path, value, told):
    result = run("conflicts", "settle", kept(), "--edit", value)
    assert (result.exit_code, told in result.stderr) == (exits.BAD_INPUT, True)
    assert state(tmp_path)[2] == 1


def test_an_id_that_is_none_is_told_and_the_others_are_settled(run, kept, tmp_path):
    result = run("conflicts", "settle", "nonsense", kept(), "--ours")
    assert (result.exit_code, "there is no conflict `nonsense`" in result.stderr) == (exits.BAD_INPUT, True)
    assert state(tmp_path)[2] == 0


def test_how_one_ended_can_be_seen_and_its_values_no_more(run, kept):
    id_ = kept()
    run("conflicts", "settle", id_, "--ours")
    result = run("conflicts", "show", id_)
    assert (result.exit_code, "ours" in result.stderr, "Theirs" in result.stdout) == (exits.DONE, True, False)
