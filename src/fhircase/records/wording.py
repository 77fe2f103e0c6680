"""Pydantic's findings about a record in plain words: all of them, with field paths, never a value."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fhircase.errors import Problem

Steps = tuple[str | int, ...]
_QUOTED = re.compile(r"'([^']*)'")
_MISFIT = frozenset(
    {"model_type", "string_type", "bool_type", "int_type", "is_instance_of", "decimal_type", "tuple_type"}
)
_PATTERNS = {
    r"\S": "not blank",
    r"^\S+(\s\S+)*$": "a code: no white space around it",
    r"^\S+$": "no white space in it",
    r"^[A-Za-z0-9\-.]{1,64}$": "letters, digits, - and . (1 to 64)",
}
_WORDS = {
    "missing": ("missing", "", "add it"),
    "string_type": ("should be text", "", ""),
    "bool_type": ("should be true or false", "", ""),
    "int_type": ("should be a whole number", "", ""),
    "decimal_type": ("should be a number", "", "write it without quotes"),
    "is_instance_of": ("should be a number", "", "write it without quotes"),
    "tuple_type": ("should be a list", "", "write it like [...]"),
    "model_type": ("should be an object", "", "write it like {...}"),
    "model_attributes_type": ("should be an object", "", "write it like {...}"),
}


def problems_of(
    error: ValidationError, model: type[BaseModel], data: Mapping[str, Any], source: str
) -> tuple[Problem, ...]:
    """Everything that is wrong with a record, in the order of its fields."""
    alternatives: dict[Steps, list[tuple[str, Steps, ErrorDetails]]] = {}
    found: list[tuple[str, Steps, ErrorDetails] | Steps] = []
    for each in error.errors(include_url=False, include_input=False):
        path, fork, branch = _located(each, data)
        if fork is None:
            found.append(("", path, each))
            continue
        if fork not in alternatives:
            alternatives[fork] = []
            found.append(fork)
        alternatives[fork].append((branch, path, each))
    return tuple(_problems(found, alternatives, model, source))


def _located(each: ErrorDetails, data: Any) -> tuple[Steps, Steps | None, str]:
    """The path in the data, and where and in which branch of alternatives pydantic was."""
    path: list[str | int] = []
    fork, branch, node = None, "", data
    for at, step in enumerate(each["loc"]):
        if _has(node, step):
            node = node[step]
        elif not (at == len(each["loc"]) - 1 and each["type"] == "missing"):
            fork, branch = (tuple(path), str(step)) if fork is None else (fork, branch)
            continue
        path.append(step)
    return tuple(path), fork, branch


def _has(node: Any, step: str | int) -> bool:
    if isinstance(node, Mapping):
        return step in node
    return isinstance(node, Sequence) and not isinstance(node, str) and isinstance(step, int) and step < len(node)


def _problems(
    found: Sequence[tuple[str, Steps, ErrorDetails] | Steps],
    alternatives: Mapping[Steps, list[tuple[str, Steps, ErrorDetails]]],
    model: type[BaseModel],
    source: str,
) -> Iterator[Problem]:
    for each in found:
        if len(each) == 3 and isinstance(each[2], dict):
            yield _problem(each[1], each[2], model, source)
        else:
            yield from _of_alternatives(each, alternatives[each], model, source)


def _of_alternatives(
    fork: Steps, tried: list[tuple[str, Steps, ErrorDetails]], model: type[BaseModel], source: str
) -> Iterator[Problem]:
    """Of several forms that a value may have: what is wrong with the one that it comes nearest to."""
    if all(error["type"] == "literal_error" for _, _, error in tried):
        expected = sorted({name for _, _, error in tried for name in _QUOTED.findall(error["ctx"]["expected"])})
        yield Problem("not one of the values it may have", _dotted(fork), f"one of: {', '.join(expected)}", "", source)
        return
    scores: dict[str, int] = {}
    for branch, path, error in tried:
        misfit = path == fork and error["type"] in _MISFIT
        scores[branch] = scores.get(branch, 0) + (100 if misfit else 10 if error["type"] == "extra_forbidden" else 1)
    best = min(scores, key=lambda branch: scores[branch])
    if scores[best] >= 100:
        forms = ", ".join(dict.fromkeys(_form(branch) for branch in scores))
        yield Problem("has none of the forms it may have", _dotted(fork), f"one of: {forms}", "", source)
        return
    for branch, path, error in tried:
        if branch == best:
            yield _problem(path, error, model, source)


def _form(branch: str) -> str:
    name = branch.rpartition(",")[2].strip(" ]") if "[" in branch else branch
    plain = {"str": "text", "constrained-str": "text", "bool": "true or false", "int": "a whole number"}
    return plain.get(name, name.lower())


def _problem(path: Steps, error: ErrorDetails, model: type[BaseModel], source: str) -> Problem:
    context = error.get("ctx", {})
    if error["type"] == "extra_forbidden":
        known = sorted(_fields(model, path[:-1]))
        close = difflib.get_close_matches(str(path[-1]), known, n=1)
        hint = f"did you mean `{close[0]}`?" if close else "take it out"
        return Problem("unknown field", _dotted(path), f"known here: {', '.join(known)}", hint, source)
    if error["type"] == "literal_error":
        names = ", ".join(_QUOTED.findall(context["expected"]))
        return Problem("not one of the values it may have", _dotted(path), f"one of: {names}", "", source)
    if error["type"] == "string_pattern_mismatch":
        rule = _PATTERNS.get(context["pattern"], "")
        return Problem("not written as it should be", _dotted(path), rule, "", source)
    if error["type"] in _WORDS:
        what, rule, hint = _WORDS[error["type"]]
        return Problem(what, _dotted(path), rule, hint, source)
    message = str(context["error"]) if error["type"] == "value_error" else error["msg"]
    return Problem(message.replace("Input should be", "should be"), _dotted(path), "", "", source)


def _dotted(path: Steps) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _fields(model: type[BaseModel], path: Steps) -> set[str]:
    """The names of the fields at a path."""
    here = [model]
    for step in path:
        if isinstance(step, str):
            here = [
                inner
                for each in here
                if step in each.model_fields
                for inner in _models(each.model_fields[step].annotation)
            ]
    return {name for each in here for name in each.model_fields}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
