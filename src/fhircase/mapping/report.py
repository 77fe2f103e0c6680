"""What became of each scalar of a resource: carried, normalised, constant or left over."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from fhircase.fhir.jsontext import Json
from fhircase.mapping.context import Claim, Fate

_ADDRESS = Claim("constant", "address")
_NARRATIVE = Claim("constant", "narrative")
_LEFT = Claim("leftover", "")

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
    own: Claims = {}
    for resource in resources:
        text = resource.get("text")
        own |= {(id(resource), "resourceType"): _ADDRESS, (id(resource), "id"): _ADDRESS}
        if isinstance(text, dict) and text.get("status") == "generated":
            own |= {(id(text), "status"): _NARRATIVE, (id(text), "div"): _NARRATIVE}
    own |= claims
    found: list[Entry] = []
    for number, resource in enumerate(resources):
        _add(found, number, resource, "", own)
    return found


def _add(found: list[Entry], number: int, node: Json, above: str, claims: Claims) -> None:
    """Add the scalars in an object. They are many: what is done for each of them is what a report costs."""
    around = id(node)
    for name, value in node.items():
        pointer = f"{above}/{name}" if name.isidentifier() else f"{above}/{_token(name)}"
        if value.__class__ is str:
            fate, rule, row = claims.get((around, name), _LEFT)
            found.append(_new(Entry, (number, pointer, value, fate, rule, row)))
        elif isinstance(value, dict):
            _add(found, number, value, pointer, claims)
        elif isinstance(value, list):
            _add_items(found, number, value, pointer, claims)
        elif value is not None:
            found.append(Entry(number, pointer, value, *claims.get((around, name), _LEFT)))


def _add_items(found: list[Entry], number: int, items: list[Any], above: str, claims: Claims) -> None:
    for at, item in enumerate(items):
        pointer = f"{above}/{at}"
        if isinstance(item, dict):
            _add(found, number, item, pointer, claims)
        elif isinstance(item, list):
            _add_items(found, number, item, pointer, claims)
        elif item is not None:
            found.append(Entry(number, pointer, item, *claims.get((id(items), at), _LEFT)))


_new = tuple.__new__
"""Makes an Entry in half the time that its own way takes."""


def _token(name: str) -> str:
    """A name as RFC 6901 has it in a pointer."""
    return name.replace("~", "~0").replace("/", "~1")
