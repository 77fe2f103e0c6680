"""Date-times without an offset get one, where a setting says which zone they mean."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from fhircase.errors import Problem
from fhircase.model.time import Moment

_LOCAL = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?", re.ASCII)


def with_offsets(
    data: dict[str, Any], model: type[BaseModel], zone: ZoneInfo, problems: list[Problem], source: str
) -> dict[str, Any]:
    """Data of a record in which each date-time has an offset; other text that looks like one stays as it is."""
    made: dict[str, Any] = _walk(
        data, model, zone, lambda what, path: problems.append(_problem(what, path, source)), ""
    )
    return made


def _problem(what: str, path: str, source: str) -> Problem:
    return Problem(what, path, "the `timezone` setting", "write the offset (Z or +hh:mm)", source)


def _walk(node: Any, type_: Any, zone: ZoneInfo, complain: Any, path: str) -> Any:
    options = _options(type_)
    if isinstance(node, dict):
        fields = {name: hint for option in options if _is_model(option) for name, hint in _hints(option).items()}
        return {
            name: _walk(value, fields[name], zone, complain, f"{path}.{name}" if path else name)
            if name in fields
            else value
            for name, value in node.items()
        }
    if isinstance(node, list):
        inner = next((get_args(option)[0] for option in options if get_origin(option) is tuple), None)
        return [_walk(each, inner, zone, complain, f"{path}[{at}]") for at, each in enumerate(node)]
    if isinstance(node, str) and Moment in options and (local := _LOCAL.fullmatch(node)):
        return _placed(node, local[1], zone, complain, path)
    return node


def _placed(text: str, seconds: str, zone: ZoneInfo, complain: Any, path: str) -> str:
    try:
        early = datetime.fromisoformat(seconds).replace(tzinfo=zone)
    except ValueError:
        return text
    late = early.replace(fold=1)
    if early.utcoffset() != late.utcoffset():
        complain("at this local time clocks are changed: it comes twice or never", path)
        return f"{text}Z"
    return text + early.isoformat()[len(seconds) :][:6]


@cache
def _options(type_: Any) -> tuple[Any, ...]:
    """The alternatives of a type as it stands in a model; `Annotated` ones only opened when they are lists."""
    return tuple(_each(type_))


def _each(type_: Any) -> Iterator[Any]:
    if type_ == Moment:
        yield Moment
    elif get_origin(type_) is Annotated:
        yield from _each(get_args(type_)[0])
    elif get_origin(type_) is tuple or _is_model(type_):
        yield type_
    else:
        for part in get_args(type_):
            yield from _each(part)


@cache
def _hints(model: type[BaseModel]) -> dict[str, Any]:
    return get_type_hints(model, include_extras=True)


def _is_model(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, BaseModel)
