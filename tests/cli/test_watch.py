"""What an operator sees of the exchange."""

import json
from datetime import timedelta

import pytest

from fhircase.cli import exits
from fhircase.cli.overview import age

SETTINGS = """
patient_identifiers = ["https://hospital.example/mrn"]
[servers.ehr]
url = "http://127.0.0.1:1/fhir"
"""


@pytest.fixture
def owed(run, tmp_path):
    """A ledger that owes three records to a server that is not there."""
    (tmp_path / "fhircase.toml").write_text(SETTINGS, encoding="utf-8")
    run("sample", "--count", "1", "-o", "records.ndjson")
    run("push", "records.ndjson", "--server", "ehr")


def test_it_shows_what_is_owed_since_when_and_what_stands_in_the_way(run, owed):
    result = run("watch", "--rounds", "2", "--every", "0.1")
    assert result.exit_code == exits.DONE
    assert "oldest owed" in result.stdout
    [shown] = [line for line in result.stdout.splitlines() if "ehr" in line][-1:]
    assert [cell.strip() for cell in shown.split("│")][2:6] == ["0", "3", "0", "0"]
    assert "unreachable" in shown


def test_the_same_is_there_for_programs(run, owed):
    result = run("status", "--json")
    assert result.exit_code == exits.OWED
    [server] = json.loads(result.stdout)["servers"].values()
    assert server["owed"] == 3
    assert (server["agreed"], server["in_flight"]) == (0, 0)
    assert server["oldest_owed"].startswith("20")
    assert any("unreachable" in matter for matter in server["matters"])


def test_a_pause_is_shown_with_its_reason(run, owed):
    run("pause", "ehr", "--reason", "upgrade")
    assert "upgrade; `fhircase resume ehr` ends it" in run("status").stdout
    run("resume", "ehr")
    assert "upgrade" not in run("status").stdout


def test_a_server_that_is_left_in_peace_is_shown_with_the_time(run, owed):
    for _ in range(5):
        run("push", "--server", "ehr")
    assert "ehr is not asked before" in run("status").stdout


def test_without_a_ledger_it_says_what_makes_one(run):
    result = run("watch", "--rounds", "1")
    assert result.exit_code == exits.USAGE
    assert "a first `fhircase push` or `pull` makes it" in result.stderr


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0 s"), (119, "119 s"), (180, "3 min"), (7199, "119 min"), (47 * 3600, "47 h"), (9 * 86_400, "9 days")],
)
def test_an_age_is_as_exact_as_anybody_wants_to_know(seconds, said):
    assert age(timedelta(seconds=seconds)) == said
