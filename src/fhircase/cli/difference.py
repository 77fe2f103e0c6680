"""What changed between two versions of a resource, by JSON Pointer."""

from collections.abc import Iterator
from typing import Any

from fhircase.fhir import jsontext

MISSING = object()


def shown(new: dict[str, Any], old: dict[str, Any] | None, role: str) -> str:
    """The changes of one resource for people: its name, then a line for each place."""
    name = f"{new['resourceType']}/{new['id']}" if "id" in new else new["resourceType"]
    lines = [f"{name} ({role or 'no part of the record'}){'' if old is not None else ' is new'}"]
    return "\n".join([*lines, *changes(old or {}, new)]) + "\n"


def changes(old: Any, new: Any) -> Iterator[str]:
    """A line for each place that differs."""
    for pointer, before, after in differences(old, new):
        if before is MISSING:
            yield f"  + {pointer}: {_json(after)}"
        elif after is MISSING:
            yield f"  - {pointer}: {_json(before)}"
        else:
            yield f"  ~ {pointer}: {_json(before)} -> {_json(after)}"


def _json(value: Any) -> str:
    return jsontext.encode(value).decode()


def differences(old: Any, new: Any, pointer: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Each place (RFC 6901) that differs, with what was there and what is; `MISSING` where nothing is."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(name for name in new if name not in old)]:
            way = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            yield from differences(old.get(name, MISSING), new.get(name, MISSING), way)
    elif isinstance(old, list) and isinstance(new, list):
        for at in range(max(len(old), len(new))):
            before, after = (side[at] if at < len(side) else MISSING for side in (old, new))
            yield from differences(before, after, f"{pointer}/{at}")
    elif MISSING in (old, new) or type(old) is not type(new) or _json(old) != _json(new):
        yield pointer, old, new
