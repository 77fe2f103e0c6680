"""`fhircase servers` and `sync --all`, with a real server and one that is not there."""

import json

import pytest
from tests.world import World

from fhircase.cli import exits


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
