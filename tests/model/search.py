"""Whether a resource matches a search; what is asked for beyond this is refused, never ignored.

Source: https://hl7.org/fhir/R4/search.html
"""

import re
from datetime import datetime
from operator import ge, gt
from typing import Any

Json = dict[str, Any]


def matches(resource: Json, asked: dict[str, str]) -> bool:
    """Whether all criteria hold."""
    return all(_holds(resource, name, value) for name, value in asked.items())


def _holds(resource: Json, name: str, value: str) -> bool:
    if name == "_count":
        return True
    if name == "_lastUpdated":
        then = datetime.fromisoformat(resource["meta"]["lastUpdated"])
        return {"ge": ge, "gt": gt}[value[:2]](then, datetime.fromisoformat(value[2:]))
    if name == "identifier":
        return any(token in _tokens(resource) for token in map(_token, re.split(r"(?<!\\),", value)))
    if name in ("owner", "focus"):
        return resource.get(name, {}).get("reference") in value.split(",")
    raise AssertionError(name)


def _token(value: str) -> tuple[str, str]:
    system, _, own = (re.sub(r"\\(.)", r"\1", part) for part in re.split(r"(?<!\\)(\|)", value))
    return system, own


def _tokens(resource: Json) -> set[tuple[str, str]]:
    named = resource.get("identifier", [])
    return {(each.get("system", ""), each.get("value", "")) for each in (named if isinstance(named, list) else [named])}
