"""Finding the settings, reading them, and naming everything that is wrong with them at once."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError

from fhircase.config.lines import line
from fhircase.config.problems import found
from fhircase.config.settings import BETWEEN, PREFIX, Config
from fhircase.errors import ConfigError, Problem

FILE = "fhircase.toml"
"""Looked for in the current folder, unless FHIRCASE_CONFIG or an option names another."""

POINTER = f"{PREFIX}CONFIG"


@dataclass(frozen=True, slots=True)
class _Source:
    """The file as read; an absent one is empty."""

    path: str
    text: str
    values: Mapping[str, Any]

    def where(self, path: tuple[str | int, ...]) -> str:
        """Name the variable or the line that holds a setting."""
        if variable := _variable(path):
            return f"environment variable {variable}"
        if not self.text:
            return self.path
        number = line(self.text, path)
        return f"{self.path}:{number}" if number else self.path


def load(path: str | os.PathLike[str] | None = None) -> Config:
    """Read the settings: from this file, or the one FHIRCASE_CONFIG names, or ./fhircase.toml if there.

    Raises:
        ConfigError: with every problem found.
    """
    source = _read(path)
    try:
        config = Config(**_rooted(source))
    except ValidationError as error:
        problems = [found(problem, Config, source.where) for problem in error.errors()]
        raise ConfigError([*sorted(problems, key=_place), *_strangers(source.values)]) from None
    except SettingsError as error:
        raise ConfigError(_not_json(str(error))) from None
    if problems := list(_strangers(source.values)):
        raise ConfigError(problems)
    return config


def template() -> str:
    """A file to start from: every setting explained, all of them commented out."""
    return files(__package__).joinpath("template.toml").read_text(encoding="utf-8")


def _read(path: str | os.PathLike[str] | None) -> _Source:
    named = os.fspath(path) if path is not None else os.environ.get(POINTER)
    name = named or FILE
    if not named and not Path(name).exists():
        return _Source(name, "", {})
    try:
        text = Path(name).read_text(encoding="utf-8")
        return _Source(name, text, tomllib.loads(text))
    except OSError as error:
        why = error.strerror or "cannot be read"
        raise ConfigError(Problem(why, source=name, hint="check the path; `fhircase init` writes one")) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(Problem(f"not TOML: {error}", source=name, hint="correct that line")) from None


def _rooted(source: _Source) -> dict[str, Any]:
    """Take file paths in the settings file relative to its folder, wherever the program runs."""
    folder = Path(source.path).parent

    def rooted(name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: rooted(key, inner) for key, inner in value.items()}
        if name == "ledger" or name.endswith("_file"):
            return str(folder / value) if isinstance(value, str) and value and "://" not in value else value
        return value

    return {key: rooted(key, value) for key, value in source.values.items()}


def _variable(path: tuple[str | int, ...]) -> str | None:
    """The environment variable that sets this, or what holds it."""
    present = {name.upper(): name for name in os.environ}
    for length in range(len(path), 0, -1):
        name = PREFIX + BETWEEN.join(map(str, path[:length])).upper()
        if name in present:
            return present[name]
    return None


def _strangers(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Environment variables with our prefix that set nothing: most likely misspelt."""
    known = {PREFIX + name.upper() for name in Config.model_fields} | {POINTER}
    named = set(_named_variables(values))
    for name in sorted(os.environ):
        upper = name.upper()
        if not upper.startswith(PREFIX) or upper in known or name in named:
            continue
        if upper.startswith(f"{PREFIX}SERVERS{BETWEEN}"):
            continue
        close = get_close_matches(upper, known, n=1)
        yield Problem(
            "unknown setting",
            name,
            "variables that start with FHIRCASE_ are settings",
            f"did you mean {close[0]}?" if close else "take it out",
            "environment",
        )


def _named_variables(values: Any) -> Iterator[str]:
    """Variables that the settings name as holding a secret, in the file or in other variables."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            if str(key).endswith("_env") and isinstance(value, str):
                yield value
            yield from _named_variables(value)
    yield from (
        value for name, value in os.environ.items() if name.upper().startswith(PREFIX) and name.upper().endswith("_ENV")
    )


def _place(problem: Problem) -> tuple[str, int]:
    file, _, number = problem.source.rpartition(":")
    return (file, int(number)) if number.isdigit() else (problem.source, 0)


def _not_json(text: str) -> Problem:
    field = text.split('"')[1] if '"' in text else ""
    return Problem(
        "cannot be read",
        field,
        "lists in the environment are JSON",
        'write it like ["one", "two"]',
        f"environment variable {PREFIX}{field.upper()}",
    )
