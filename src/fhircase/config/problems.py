"""Pydantic's findings in words for the one who edits the file. Values are never repeated."""

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from fhircase.errors import Problem

Path = tuple[str | int, ...]

_SECRET_WORDS = {"token", "password", "secret", "client_secret", "api_key", "apikey"}


def found(error: ErrorDetails, settings: type[BaseModel], where: Callable[[Path], str]) -> Problem:
    """Say what is wrong, where, under which rule, and what to do."""
    path = tuple(step for step in error["loc"] if step != "[key]")
    what, rule, hint = _words(error, settings, path)
    return Problem(what, ".".join(map(str, path)), rule, hint, where(path))


def _words(  # noqa: PLR0911 - one answer a kind of error
    error: ErrorDetails, settings: type[BaseModel], path: Path
) -> tuple[str, str, str]:
    context = error.get("ctx", {})
    match error["type"]:
        case "setting":
            return context["what"], context["rule"], context["hint"]
        case "extra_forbidden":
            return "unknown setting", *_unknown(str(path[-1]), settings, path[:-1])
        case "missing":
            return "missing", "needed here", "add it"
        case "string_pattern_mismatch" if "[key]" in error["loc"]:
            return "not a server name", "lower-case letters, digits, - and _", "rename the table"
        case "string_pattern_mismatch":
            return (
                "not the name of an environment variable",
                "letters, digits and _",
                "write the variable's name, not the secret itself",
            )
        case "zoneinfo_str":
            return "not a known time zone", "IANA names", 'write it like "Europe/Amsterdam"'
        case "bool_parsing":
            return "should be true or false", "", "correct it"
    message = error["msg"].replace("Input should be", "should be")
    return message.replace("valid dictionary", "table").replace("valid tuple", "list"), "", "correct it"


def _unknown(name: str, settings: type[BaseModel], above: Path) -> tuple[str, str]:
    if name in _SECRET_WORDS:
        return "no secrets in the file", f"name an environment variable instead: {name}_env"
    known = sorted(_level(settings, above).model_fields)
    close = get_close_matches(name, known, n=1)
    rule = f"known here: {', '.join(known)}"
    return rule, f"did you mean {close[0]}?" if close else "take it out"


def _level(settings: type[BaseModel], path: Path) -> type[BaseModel]:
    """The model that holds the settings at a path."""
    for step in path:
        field = settings.model_fields.get(str(step))
        if field is not None:
            settings = next(_models(field.annotation), settings)
    return settings


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
