"""What is wrong with the settings is said all at once, in words that are reviewed like code.

GOLDEN=write writes the texts anew.
"""

import os
from pathlib import Path

import pytest

from fhircase.config import load
from fhircase.errors import ConfigError

GOLDEN = Path(__file__).with_name("golden")


@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("*.toml")))
def test_every_problem_is_named_with_file_line_rule_and_what_to_do(name: str, folder: Path) -> None:
    (folder / "fhircase.toml").write_bytes((GOLDEN / f"{name}.toml").read_bytes())
    with pytest.raises(ConfigError) as raised:
        load()
    text = f"{raised.value}\n"
    expected = GOLDEN / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


def test_no_error_text_repeats_a_value_that_may_be_a_secret() -> None:
    assert [path.name for path in GOLDEN.glob("*.txt") if "hunter2" in path.read_text()] == []


def test_every_problem_says_where_and_what_to_do(folder: Path) -> None:
    (folder / "fhircase.toml").write_bytes((GOLDEN / "many-problems.toml").read_bytes())
    with pytest.raises(ConfigError) as raised:
        load()
    assert len(raised.value.problems) >= 13
    for problem in raised.value.problems:
        assert problem.hint
        assert problem.path
        assert problem.source.startswith("fhircase.toml:")


def test_a_wrong_variable_is_named_itself_not_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "fhircase.toml").write_text('[servers.ehr]\nurl = "https://fhir.example"\n')
    monkeypatch.setenv("FHIRCASE_SERVERS__EHR__TIMEOUT", "soon")
    with pytest.raises(ConfigError, match=r"^environment variable FHIRCASE_SERVERS__EHR__TIMEOUT: should be"):
        load()


def test_a_misspelt_variable_is_an_error_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FHIRCASE_LEDGR", "x")
    with pytest.raises(ConfigError, match=r"unknown setting @ FHIRCASE_LEDGR .*mean FHIRCASE_LEDGER\?"):
        load()


def test_a_list_in_a_variable_that_is_not_json_is_explained(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FHIRCASE_OVERLAYS", "us-core")
    with pytest.raises(ConfigError, match=r"FHIRCASE_OVERLAYS: .*lists in the environment are JSON"):
        load()


def test_a_named_file_that_is_not_there_is_an_error(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"elsewhere\.toml: No such file.*`fhircase init`"):
        load("elsewhere.toml")


def test_an_unknown_server_is_named_with_the_known_ones(folder: Path) -> None:
    (folder / "fhircase.toml").write_text('[servers.ehr]\nurl = "https://fhir.example"\n')
    with pytest.raises(ConfigError, match=r"no such server @ servers\.her \(configured: ehr\); add"):
        load().server("her")


@pytest.mark.parametrize(
    "url", ["ftp://fhir.example", "http://fhir.example/r4", "http://", "https://a b", "https://fhir.example:port"]
)
def test_a_url_on_the_command_line_is_checked_like_one_in_the_file(url: str, folder: Path) -> None:
    with pytest.raises(ConfigError, match="--server: "):
        load().server(url)


def test_a_namespace_is_never_guessed(folder: Path) -> None:
    with pytest.raises(ConfigError, match="not set @ namespace"):
        load().our_namespace()


def test_a_secret_that_is_not_there_is_missed_only_when_the_server_is_used(folder: Path) -> None:
    (folder / "fhircase.toml").write_text("""
[servers.a]
url = "https://fhir.example"
auth = { kind = "bearer", token_env = "NOT_SET_ANYWHERE" }
[servers.b]
url = "https://fhir.example"
auth = { kind = "bearer", token_file = "nowhere" }
""")
    config = load()
    with pytest.raises(ConfigError, match=r"NOT_SET_ANYWHERE is not set.*servers\.a\.auth\.token_env"):
        config.server("a")
    with pytest.raises(ConfigError, match=r"nowhere cannot be read @ servers\.b\.auth\.token_file"):
        config.server("b")
