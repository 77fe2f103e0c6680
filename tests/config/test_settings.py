"""Where settings come from, which one wins, and what a server ends up with."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from fhircase.config import Basic, Bearer, Config, load
from fhircase.config.lines import line

EHR = """
namespace = "https://hospital.example"
overlays = ["all"]
patient_identifiers = ["https://hospital.example/mrn"]
timezone = "Europe/Amsterdam"

[servers.ehr]
url = "https://fhir.example/r4/"
fhir = "R5"
overlays = ["us-core"]
pull = ["Task?status=requested"]
organization = "https://npi.example|123"

[servers.agency]
url = "http://127.0.0.1:8080/fhir"
patient_identifiers = []
create_patients = true
"""


def write(folder: Path, text: str) -> None:
    (folder / "fhircase.toml").write_text(text)


def test_without_any_setting_the_defaults_hold(folder: Path) -> None:
    assert load() == Config()
    assert load().ledger == "fhircase.ledger"


def test_a_server_gets_its_own_settings_on_top_of_everybodys(folder: Path) -> None:
    write(folder, EHR)
    ehr, agency = load().server("ehr"), load().server("agency")
    assert (ehr.url, ehr.fhir, ehr.overlays) == ("https://fhir.example/r4", "R5", ("all", "us-core"))
    assert ehr.patient_identifiers == ("https://hospital.example/mrn",)
    assert (agency.patient_identifiers, agency.create_patients, agency.overlays) == ((), True, ("all",))
    assert (ehr.create_patients, ehr.timeout, ehr.bundle_entries) == (False, 30.0, 50)


def test_a_url_that_is_configured_is_the_configured_server(folder: Path) -> None:
    write(folder, EHR)
    assert load().server("https://fhir.example/r4").name == "ehr"
    assert load().server("https://fhir.example/r4/").name == "ehr"


def test_a_url_that_is_not_configured_is_a_server_of_its_own(folder: Path) -> None:
    write(folder, EHR)
    server = load().server("http://localhost:9/fhir/", fhir="R4B")
    assert (server.name, server.url, server.fhir) == ("http://localhost:9/fhir",) * 2 + ("R4B",)
    assert server.patient_identifiers == ("https://hospital.example/mrn",)


def test_the_environment_wins_over_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, EHR)
    monkeypatch.setenv("FHIRCASE_SERVERS__EHR__TIMEOUT", "5")
    monkeypatch.setenv("FHIRCASE_LEDGER", "/tmp/other.ledger")
    monkeypatch.setenv("FHIRCASE_OVERLAYS", '["one", "two"]')
    config = load()
    assert config.server("ehr").timeout == 5
    assert config.server("ehr").fhir == "R5"
    assert (config.ledger, config.overlays) == ("/tmp/other.ledger", ("one", "two"))


def test_a_server_can_come_from_the_environment_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FHIRCASE_SERVERS__EHR__URL", "https://fhir.example")
    monkeypatch.setenv("FHIRCASE_SERVERS__EHR__AUTH__KIND", "bearer")
    monkeypatch.setenv("FHIRCASE_SERVERS__EHR__AUTH__TOKEN_ENV", "FHIRCASE_TOKEN")
    monkeypatch.setenv("FHIRCASE_TOKEN", "s3cret")
    assert load().server("ehr").auth == Bearer(SecretStr("s3cret"))


def test_an_explicit_file_wins_over_the_variable_and_that_over_the_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, 'ledger = "here"')
    for name in ("variable", "option"):
        (folder / name).mkdir()
        (folder / name / "f.toml").write_text('ledger = "l"')
    assert load().ledger == "here"
    monkeypatch.setenv("FHIRCASE_CONFIG", "variable/f.toml")
    assert load().ledger == str(Path("variable/l"))
    assert load("option/f.toml").ledger == str(Path("option/l"))


def test_files_named_in_the_settings_lie_beside_them(folder: Path) -> None:
    (folder / "etc").mkdir()
    (folder / "etc" / "password").write_text("s3cret\n")
    (folder / "etc" / "f.toml").write_text("""
ledger = "sqlite:///var/x.ledger"
[servers.ehr]
url = "https://fhir.example"
auth = { kind = "basic", username = "me", password_file = "password" }
""")
    config = load("etc/f.toml")
    assert config.server("ehr").auth == Basic("me", SecretStr("s3cret"))
    assert config.ledger == "sqlite:///var/x.ledger"


def test_no_secret_is_printed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, '[servers.ehr]\nurl = "https://fhir.example"\nauth = { kind = "bearer", token_env = "EHR_TOKEN" }\n')
    monkeypatch.setenv("EHR_TOKEN", "s3cret")
    config = load()
    assert "s3cret" not in f"{config!r}{config.server('ehr')!r}{config.server('ehr')}{config.model_dump()}"


def test_plain_http_to_another_machine_needs_a_word(folder: Path) -> None:
    write(folder, '[servers.ehr]\nurl = "http://hapi:8080/fhir"\ninsecure = true\n')
    assert load().server("ehr").url == "http://hapi:8080/fhir"
    assert load().server("http://hapi:8080/fhir").name == "ehr"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:80", "127.9.9.9", "[::1]:8080"])
def test_this_machine_may_be_reached_by_plain_http(host: str, folder: Path) -> None:
    assert load().server(f"http://{host}/fhir").url == f"http://{host}/fhir"


def test_settings_do_not_change_once_read(folder: Path) -> None:
    with pytest.raises(ValidationError):
        load().ledger = "other"


def test_lines_are_found_through_tables_and_dotted_names() -> None:
    text = 'a = 1\n[servers."x"]\nurl = ""\nauth.kind = ""\n'
    assert line(text, ("a",)) == 1
    assert line(text, ("servers", "x")) == 2
    assert line(text, ("servers", "x", "url", 3)) == 3
    assert line(text, ("servers", "x", "auth", "kind")) == 4
    assert line(text, ("servers", "x", "nothing")) == 2
    assert line(text, ("nothing",)) is None
