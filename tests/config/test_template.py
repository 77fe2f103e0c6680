"""The file `fhircase init` writes: valid as it is, valid with everything switched on, and complete."""

import re
import tomllib
from pathlib import Path

from fhircase.config import Config, load, template
from fhircase.config.servers import ServerSettings

SETTING = re.compile(r"^#(?=[a-z_]+ = |\[)", re.MULTILINE)


def test_as_it_is_it_changes_nothing(folder: Path) -> None:
    (folder / "fhircase.toml").write_text(template())
    assert load() == Config()


def test_with_everything_switched_on_it_is_valid(folder: Path) -> None:
    (folder / "fhircase.toml").write_text(SETTING.sub("", template()))
    assert load().servers["ehr"].auth.kind == "bearer"


def test_it_explains_every_setting() -> None:
    values = tomllib.loads(SETTING.sub("", template()))
    assert set(values) == set(Config.model_fields)
    assert set(values["servers"]["ehr"]) == set(ServerSettings.model_fields)


def test_defaults_it_shows_are_the_defaults() -> None:
    values = tomllib.loads(SETTING.sub("", template()))
    assert (values["ledger"], values["create_patients"]) == (Config().ledger, Config().create_patients)
    for name in ("insecure", "fhir", "timeout", "bundle_entries"):
        assert values["servers"]["ehr"][name] == ServerSettings.model_fields[name].default
