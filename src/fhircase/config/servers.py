"""A server as the settings declare it, and as the rest of the program gets it: complete, secrets read."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator

from fhircase.config.checks import TOKEN, EnvName, Party, Percent, Query, ServerUrl, Token, Uri, encrypted, wrong
from fhircase.errors import ConfigError, Problem

FHIRVersion = Literal["R4", "R4B", "R5"]


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token in each request."""

    token: SecretStr


@dataclass(frozen=True, slots=True)
class Basic:
    """A user name and password in each request."""

    username: str
    password: SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One FHIR server, everything decided."""

    name: str
    url: str
    fhir: FHIRVersion
    auth: Bearer | Basic | None
    timeout: float
    bundle_entries: int
    bundle_bytes: int
    parallel: int
    rate_limit: float | None
    pull: tuple[str, ...]
    organization: str | None
    overlays: tuple[str, ...]
    patient_identifiers: tuple[str, ...]
    create_patients: bool
    recheck: int
    unknown: Literal["leave", "link"]
    brake: "BrakeSettings"
    pilot: frozenset[str] | None


class AuthSettings(BaseModel):
    """How we prove who we are; secrets stand elsewhere and are only named here."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    kind: Literal["none", "bearer", "basic"] = "none"
    username: str | None = None
    token_env: EnvName | None = None
    token_file: Path | None = None
    password_env: EnvName | None = None
    password_file: Path | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed, possible = _NEEDED[self.kind]
        given = {name for name in type(self).model_fields if getattr(self, name) is not None} - {"kind"}
        if alien := given - needed - possible:
            raise wrong(
                f'{", ".join(sorted(alien))} means nothing with kind "{self.kind}"',
                "each kind has its own settings",
                "take it out, or choose the other kind",
            )
        if missing := needed - given:
            raise wrong(f"{', '.join(sorted(missing))} is missing", f'kind "{self.kind}"', "add it")
        if possible and len(given & possible) != 1:
            raise wrong(
                f"give exactly one of {', '.join(sorted(possible))}",
                f'kind "{self.kind}"',
                "name an environment variable or a file that holds the secret",
            )
        return self

    def secrets(self, path: str) -> Bearer | Basic | None:
        """Read the secrets this names.

        Raises:
            ConfigError: the variable or file is not there, or empty.
        """
        if self.kind == "bearer":
            return Bearer(_secret(self.token_env, self.token_file, f"{path}.token"))
        if self.kind == "basic":
            password = _secret(self.password_env, self.password_file, f"{path}.password")
            return Basic(self.username or "", password)
        return None


_NEEDED: dict[str, tuple[set[str], set[str]]] = {
    "none": (set(), set()),
    "bearer": (set(), {"token_env", "token_file"}),
    "basic": ({"username"}, {"password_env", "password_file"}),
}


class BrakeSettings(BaseModel):
    """What one input may do to the records of a kind before a person has to look."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    change: Percent = 30.0
    close: Percent = 10.0
    create: Annotated[float, Field(ge=0)] = 100.0  # `inf` switches it off: there is no most of new records
    least: Annotated[int, Field(ge=0)] = 20
    closing: tuple[str, ...] = ()


class ServerSettings(BaseModel):
    """One `[servers.NAME]` table."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    insecure: bool = False
    url: ServerUrl  # after `insecure`, which its check asks for
    fhir: FHIRVersion = "R4"
    auth: AuthSettings = AuthSettings()
    timeout: Annotated[float, Field(gt=0, le=3600)] = 30.0
    bundle_entries: Annotated[int, Field(gt=0, le=10_000)] = 50
    bundle_bytes: Annotated[int, Field(ge=1_000, le=1_000_000_000)] = 1_000_000
    parallel: Annotated[int, Field(gt=0, le=64)] = 4
    rate_limit: Annotated[float, Field(gt=0, le=10_000)] | None = None
    pull: tuple[Query, ...] = ()
    organization: Party | None = None
    overlays: tuple[str, ...] = ()
    patient_identifiers: tuple[Uri, ...] | None = None
    create_patients: bool | None = None
    recheck: Annotated[int, Field(ge=0, le=1_000_000)] = 200
    unknown: Literal["leave", "link"] = "leave"
    brake: BrakeSettings | None = None
    pilot: tuple[Token, ...] | None = None
    pilot_file: Path | None = None

    @field_validator("url")
    @classmethod
    def _private(cls, url: str, info: ValidationInfo) -> str:
        # A wrong `insecure` is a finding of its own; then nothing is said about the URL.
        if not info.data.get("insecure", True) and not encrypted(url):
            raise wrong(
                "http to another machine, readable by everybody in between",
                "patients' data travels encrypted",
                "use https, or insecure = true in its [servers.NAME] table if the network is protected otherwise",
            )
        return url

    def clients(self, path: str) -> frozenset[str] | None:
        """The clients whose records may go there; None for everybody's.

        Raises:
            ConfigError: the file that lists them cannot be read, or holds something else.
        """
        if self.pilot_file is None:
            return None if self.pilot is None else frozenset(self.pilot)
        lines = [line.strip() for line in _text(self.pilot_file, f"{path}.pilot_file", "a list").splitlines()]
        named = [(number, line) for number, line in enumerate(lines, start=1) if line and not line.startswith("#")]
        wrong_ones = [
            Problem(
                "not an identifier", f"{path}.pilot_file", "system|value, one a line", "correct that line", f"{where}"
            )
            for number, line in named
            if not TOKEN.fullmatch(line)
            for where in [f"{self.pilot_file}:{number}"]
        ]
        if wrong_ones:
            raise ConfigError(wrong_ones)
        return frozenset([*(line for _, line in named), *(self.pilot or ())])


def _secret(variable: str | None, file: Path | None, path: str) -> SecretStr:
    if variable:
        text, where = os.environ.get(variable, ""), f"environment variable {variable}"
        path += "_env"
    else:
        text, where = _text(file or Path(), f"{path}_file"), f"file {file}"
        path += "_file"
    if not text.strip():
        raise ConfigError(Problem(f"{where} is not set or empty", path, "a secret", "put the secret there"))
    return SecretStr(text.strip())


def _text(file: Path, path: str, rule: str = "a secret") -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            Problem(f"file {file} cannot be read", path, rule, "check the path and its permissions")
        ) from None
