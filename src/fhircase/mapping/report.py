"""What became of each scalar of a resource: carried, normalised, constant or left over."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from fhircase.fhir.jsontext import Json
from fhircase.mapping.context import Claim, Fate

_ADDRESS = Claim("constant", "address")
_NARRATIVE = Claim("constant", "narrative")
_LEFT = Claim("leftover", "")

_Get = Callable[[tuple[int, Any], Claim], Claim]
Claims = dict[tuple[int, Any], Claim]
"""What became of each scalar, by the id of what holds it and its key there."""


class Entry(NamedTuple):
    """One scalar, where it stood, what became of it and by which rule."""

    resource: int
    """Which of the resources read."""
    pointer: str
    """JSON Pointer (RFC 6901) within the resource."""
    value: Any
    fate: Fate
    rule: str
    """Where the rule stands, and the field it carries: `case.yaml:41 status`."""
    row: str = ""
    """The row of the code table, where one was looked up."""


def entries(resources: Sequence[Json], claims: Claims) -> list[Entry]:
    """Every scalar of the resources, in order."""
    found: list[Entry] = []
    for number, resource in enumerate(resources):
        text = resource.get("text")
        claims.setdefault((id(resource), "resourceType"), _ADDRESS)
        claims.setdefault((id(resource), "id"), _ADDRESS)
        if isinstance(text, dict) and text.get("status") == "generated":
            claims.setdefault((id(text), "status"), _NARRATIVE)
            claims.setdefault((id(text), "div"), _NARRATIVE)
        _add(found.append, number, resource, "/", claims.get)
    return found


def _add(add: Callable[[Entry], None], number: int, node: Json, above: str, claim: _Get) -> None:
    """Add the scalars in an object. They are many: what is done for each of them is what a report costs."""
    around = id(node)
    for name, value in node.items():
        pointer = above + (name if name.isidentifier() else _token(name))
        if value.__class__ is str:
            fate, rule, row = claim((around, name), _LEFT)
            add(_new(Entry, (number, pointer, value, fate, rule, row)))
        elif isinstance(value, dict):
            _add(add, number, value, f"{pointer}/", claim)
        elif isinstance(value, list):
            _add_items(add, number, value, f"{pointer}/", claim)
        elif value is not None:
            add(Entry(number, pointer, value, *claim((around, name), _LEFT)))


def _add_items(add: Callable[[Entry], None], number: int, items: list[Any], above: str, claim: _Get) -> None:
    for at, item in enumerate(items):
        if isinstance(item, dict):
            _add(add, number, item, f"{above}{at}/", claim)
        elif isinstance(item, list):
            _add_items(add, number, item, f"{above}{at}/", claim)
        elif item is not None:
            add(Entry(number, f"{above}{at}", item, *claim((id(items), at), _LEFT)))


_new = tuple.__new__
"""Makes an Entry in half the time that its own way takes."""


def _token(name: str) -> str:
    """A name as RFC 6901 has it in a pointer."""
    return name.replace("~", "~0").replace("/", "~1")
