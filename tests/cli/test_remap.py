"""`fhircase remap`, as far as it needs no server: what it refuses, and what it says of a ledger without a debt."""

import json

import pytest

from fhircase.cli import exits
from fhircase.ledger import open_ledger

SETTINGS = 'ledger = "l"\n[servers.ehr]\nurl = "http://127.0.0.1:9/fhir"\n'


def test_two_actions_at_once_are_a_mistake(run):
    assert run("remap", "--go", "--back", "--server", "http://127.0.0.1:9/fhir").exit_code == exits.USAGE


def test_without_settings_a_server_has_to_be_named(run):
    result = run("remap")
    assert result.exit_code == exits.USAGE
    assert "the settings name no server" in result.stderr


def test_without_a_ledger_there_is_nothing_to_rewrite(run, tmp_path):
    (tmp_path / "fhircase.toml").write_text(SETTINGS, encoding="utf-8")
    result = run("remap", "--plan")
    assert result.exit_code == exits.USAGE
    assert "there is no ledger yet" in result.stderr
    assert not (tmp_path / "l").exists()


@pytest.mark.parametrize("action", ["--plan", "--go", "--back"])
def test_all_servers_of_the_settings_are_meant_where_none_is_named(run, tmp_path, action):
    (tmp_path / "fhircase.toml").write_text(SETTINGS, encoding="utf-8")
    open_ledger(tmp_path / "l").close()
    result = run("remap", action)
    assert result.exit_code == exits.DONE
    assert "ehr: 0 records" in result.stderr
    [report] = json.loads(run("remap", action, "--json").stdout)
    assert (report["server"], report["planned"], report["sent"]) == ("ehr", [], 0)
