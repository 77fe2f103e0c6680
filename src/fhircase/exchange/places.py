"""Places inside a record's plain data, by the paths that a merge names: `title`, `goals[g1].lifecycle`, `goals[]`.

What is at its default stands nowhere in the data, so a place that says nothing is absent.
"""

import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from fhircase.errors import Problem, RecordInvalid
from fhircase.exchange.changes import ABSENT
from fhircase.exchange.merge import WHOLE
from fhircase.fhir import jsontext
from fhircase.fhir.jsontext import Json
from fhircase.ledger import RecordKey

_STEP = re.compile(r"(?:^|\.)(?P<name>[^.\[\]]+)|\[(?P<item>[^\[\]]*)\]")
_HEAD = ("record", "schema", "key")
"""What a record's data begin with: neither side can change it."""


def value_at(data: Json, path: str) -> Any:
    """What a record says at a place, as JSON has it; `ABSENT` if it says nothing there."""
    if path == WHOLE:
        return {name: value for name, value in data.items() if name not in _HEAD}
    found: Any = data
    for name, item in _steps(path):
        if name is not None:
            found = found.get(name, ABSENT) if isinstance(found, dict) else ABSENT
        elif item:
            found = next((each for each in _items(found) if each.get("id") == item), ABSENT)
        else:
            found = [each.get("id") for each in _items(found)]
    return found


def put(data: Json, path: str, value: Any) -> Json:
    """A record's data with another value at a place; with `ABSENT` it says nothing there.

    Raises:
        RecordInvalid: there is no such place in this record any more.
    """
    if path == WHOLE:
        kept = {name: data[name] for name in _HEAD if name in data}
        return kept | {name: inner for name, inner in _object(value, path).items() if name not in _HEAD}
    return _object(_put(data, _steps(path), value, path), path)


def _put(node: Any, steps: list[tuple[str | None, str]], value: Any, path: str) -> Any:
    if not steps:
        return value
    (name, item), rest = steps[0], steps[1:]
    if name is not None:
        inner = _put(_object(node, path).get(name, ABSENT), rest, value, path)
        # A field keeps its place among the others.
        changed = {**node, name: inner} if node is not ABSENT else {name: inner}
        return {key: each for key, each in changed.items() if each is not ABSENT}
    if not item:
        return _ordered(node, value, path)
    return _with_item(_items(node), item, rest, value, path)


def _with_item(items: list[Any], item: str, rest: list[tuple[str | None, str]], value: Any, path: str) -> list[Any]:
    there = next((each for each in items if each.get("id") == item), ABSENT)
    if there is ABSENT and rest:
        hint = "let theirs stand, or say the whole item anew in your own system"
        raise RecordInvalid([Problem(f"the item `{item}` is no more there", path, "both sides changed it", hint)])
    made = _put(there, rest, value, path)
    if made is ABSENT:
        return [each for each in items if each is not there]
    return [made if each is there else each for each in items] if there is not ABSENT else [*items, made]


def _ordered(items: Any, ids: Any, path: str) -> list[Any]:
    """The items in this order; those that are not named stay last."""
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise RecordInvalid([Problem("an order is a list of ids", path, hint='write it as ["g1", "g2"]')])
    place = {id_: number for number, id_ in enumerate(ids)}
    return sorted(_items(items), key=lambda each: place.get(each.get("id"), len(place)))


def _steps(path: str) -> list[tuple[str | None, str]]:
    return [(found["name"], found["item"] or "") for found in _STEP.finditer(path)]


def _items(value: Any) -> list[Any]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _object(value: Any, path: str) -> Json:
    if value is ABSENT:
        return {}
    if not isinstance(value, dict):
        raise RecordInvalid([Problem("there is no such place in the record any more", path)])
    return value


def written(value: Any) -> bytes | None:
    """A value as the ledger keeps it."""
    return None if value is ABSENT else jsontext.encode(value)


def conflict_id(server: str, key: RecordKey, path: str, ours: bytes | None, theirs: bytes | None) -> str:
    """One id for one disagreement; another one as soon as either side says something else."""
    parts: Iterable[bytes | None] = (*(each.encode() for each in (server, *key, path)), ours, theirs)
    state = blake2b(digest_size=8)
    for part in parts:
        state.update(b"-" if part is None else b"%d:%b" % (len(part), part))
    return state.hexdigest()
