"""What became of each scalar of a resource: carried, normalised, constant or left over."""

from collections.abc import Iterable, Sequence
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


def _add(found: list[Entry], number: int, node: Any, above: str, claims: Claims) -> None:
    """Add the scalars in a node. They are many: what is done for each of them is what a report costs."""
    around = id(node)
    pairs: Iterable[tuple[Any, Any]] = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in pairs:
        pointer = f"{above}/{key}" if key.__class__ is int or key.isidentifier() else f"{above}/{_token(key)}"
        if value.__class__ is str or not isinstance(value, _BOXES):
            if value is not None:
                fate, rule, row = claims.get((around, key), _LEFT)
                found.append(_new(Entry, (number, pointer, value, fate, rule, row)))
        else:
            _add(found, number, value, pointer, claims)


_BOXES = (dict, list)
_new = tuple.__new__
"""Makes an Entry in half the time that its own way takes."""


def _token(name: Any) -> str:
    """A name as RFC 6901 has it in a pointer."""
    return str(name).replace("~", "~0").replace("/", "~1")
