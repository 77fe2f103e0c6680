"""Read places of JSON that a server filled in: what has the wrong shape counts as absent."""

from collections.abc import Mapping
from typing import Any


def object_at(holder: object, name: str) -> dict[str, Any]:
    """Take the object at a place; empty where there is none."""
    value = holder.get(name) if isinstance(holder, Mapping) else None
    return value if isinstance(value, dict) else {}


def objects_at(holder: object, name: str) -> list[dict[str, Any]]:
    """Take the objects of the list at a place."""
    value = holder.get(name) if isinstance(holder, Mapping) else None
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text_at(holder: object, name: str) -> str:
    """Take the text at a place; empty where there is none."""
    value = holder.get(name) if isinstance(holder, Mapping) else None
    return value if isinstance(value, str) else ""


def texts_at(holder: object, name: str) -> list[str]:
    """Take the texts of the list at a place."""
    value = holder.get(name) if isinstance(holder, Mapping) else None
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
