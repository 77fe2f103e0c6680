"""`fhircase servers`, `sync --all` and `push --all`, with a real server and one that is not there."""

import json

import pytest
from tests.world import World

from fhircase.cli import exits, intake
from fhircase.records import read_record


@pytest.fixture
def settings(sekmet, tmp_path):
    (tmp_path / "fhircase.toml").write_text(
        f'namespace = "https://hospital.example"\ncreate_patients = true\n'
        f'patient_identifiers = ["https://hospital.example/mrn"]\n'
        f'[servers.ehr]\nurl = "{sekmet}"\n[servers.gone]\nurl = "http://127.0.0.1:1/fhir"\n',
        encoding="utf-8",
    )


def test_a_probe_tells_what_a_server_does_and_the_list_remembers(run, settings):
    probed = run("servers", "probe", "ehr")
    assert probed.exit_code == exits.DONE
    assert "refuses an update with a stale If-Match" in probed.stdout
    listed = json.loads(run("servers", "list", "--json").stdout)["servers"]
    assert listed["ehr"]["known"]["probe"]["preconditions"] is True
    assert listed["gone"]["known"] == {}
    assert "does all that was tried" in run("servers", "list").stdout

    assert run("servers", "forget", "ehr").exit_code == exits.DONE
    assert json.loads(run("servers", "list", "--json").stdout)["servers"]["ehr"]["known"] == {}


def test_the_list_needs_no_ledger_and_makes_none(run, settings, tmp_path):
    assert run("servers", "list").exit_code == exits.DONE
    assert not (tmp_path / "fhircase.ledger").exists()


def test_all_servers_are_served_whatever_becomes_of_one(run, settings, sekmet, tmp_path):
    run("sample", "--count", "1", "-o", "records.ndjson")
    result = run("sync", "records.ndjson", "--all", "--json")

    servers = json.loads(result.stdout)["servers"]
    assert result.exit_code == exits.OWED
    assert servers["ehr"]["push"]["owed"] == []
    assert servers["ehr"]["push"]["sent"] == 3
    assert len(servers["gone"]["push"]["owed"]) == 3
    assert "no connection" in servers["gone"]["push"]["stopped"]
    assert World(sekmet, tmp_path).client.search_page("EpisodeOfCare").entries


def test_a_sync_says_whom_it_is_with(run, settings):
    assert run("sync").exit_code == exits.USAGE
    assert run("sync", "--all", "--server", "ehr").exit_code == exits.USAGE


def test_a_push_goes_to_all_servers_and_to_each_what_it_lacks(run, settings):
    run("sample", "--count", "1", "-o", "records.ndjson")
    dry = run("push", "records.ndjson", "--all", "--dry-run", "--json")
    planned = json.loads(dry.stdout)["servers"]
    assert (planned.keys(), planned["ehr"]["sent"]) == ({"ehr", "gone"}, 3)
    result = run("push", "records.ndjson", "--all", "--json")
    servers = json.loads(result.stdout)["servers"]
    assert (result.exit_code, len(servers["ehr"]["owed"]), len(servers["gone"]["owed"])) == (exits.OWED, 0, 3)
    again = json.loads(run("push", "records.ndjson", "--all", "--json").stdout)["servers"]
    assert (again["ehr"]["sent"], again["ehr"]["unchanged"], len(again["gone"]["owed"])) == (0, 3, 3)
    assert "push to ehr" in run("push", "--all").stdout


def test_what_is_wrong_with_the_input_is_told_once_for_all_servers(run, settings, tmp_path):
    run("sample", "--count", "1", "-o", "records.ndjson")
    with (tmp_path / "records.ndjson").open("a") as file:
        file.write('{"record": "case"}\n')
    for command in ("push", "sync"):
        result = run(command, "records.ndjson", "--all", "--json")
        assert result.exit_code == exits.BAD_INPUT
        assert result.stderr.count("records.ndjson:4") == 1
        assert "1 of 4 records had problems" in result.stderr


def test_each_record_is_read_once_for_all_servers(run, settings, monkeypatch):
    lines = []
    monkeypatch.setattr(intake, "read_record", lambda cut, zone: lines.append(cut.source) or read_record(cut, zone))
    run("sample", "--count", "3", "-o", "records.ndjson")
    run("push", "records.ndjson", "--all")
    assert sorted(lines) == sorted(set(lines)) != []


def test_a_push_says_whom_it_is_for(run, settings):
    for arguments in ([], ["--all", "--server", "ehr"], ["--all", "--fhir", "R5"], ["--all", "--create-patients"]):
        assert run("push", *arguments).exit_code == exits.USAGE
