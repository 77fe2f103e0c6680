"""What became of each scalar of a resource: carried, normalised, constant or left over."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from msgspec import Struct

from fhircase.fhir.jsontext import Json
from fhircase.mapping.context import Claim, Claims, Fate

_ADDRESS = Claim("constant", "address")
_NARRATIVE = Claim("constant", "narrative")
_LEFT = Claim("leftover", "")
_MOST = 20_000
"""How many places are kept."""


# There are a hundred in a report: they hold nothing in which the collector of garbage could find a circle.
class Entry(Struct, frozen=True, gc=False):
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


class _Place(dict[str | int, "_Place"]):
    """A place in a resource, and the places below it. Most are the same in every report: each is made once."""

    __slots__ = ("pointer",)
    count: ClassVar[int] = 0
    """How many there are below `_root`."""

    def __init__(self, pointer: str) -> None:
        super().__init__()
        self.pointer = pointer
        """JSON Pointer (RFC 6901)."""

    def __missing__(self, key: str | int) -> "_Place":
        made = _Place(f"{self.pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")
        if _Place.count < _MOST:
            self[key] = made
            _Place.count += 1
        return made


_root = _Place("")


def entries(resources: Sequence[Json], claims: Claims) -> list[Entry]:
    """Every scalar of the resources, in order."""
    if _Place.count >= _MOST:
        # Resources of others may have any names: those of ours come back.
        _root.clear()
        _Place.count = 0
    found: list[Entry] = []
    for number, resource in enumerate(resources):
        text = resource.get("text")
        claims["resourceType"].setdefault(id(resource), _ADDRESS)
        claims["id"].setdefault(id(resource), _ADDRESS)
        if isinstance(text, dict) and text.get("status") == "generated":
            claims["status"].setdefault(id(text), _NARRATIVE)
            claims["div"].setdefault(id(text), _NARRATIVE)
        _add(found.append, number, resource, _root, claims)
    return found


def _add(add: Callable[[Entry], None], number: int, node: Json, here: _Place, claims: Claims) -> None:
    """Add the scalars in an object. They are many: what is done for each of them is what a report costs."""
    around = id(node)
    for name, value in node.items():
        kind = value.__class__
        if kind is str:
            fate, rule, row = claims[name].get(around, _LEFT)
            add(Entry(number, here[name].pointer, value, fate, rule, row))
        elif kind is dict:
            _add(add, number, value, here[name], claims)
        elif kind is list:
            places = here[name]
            for at, item in enumerate(value):
                if item.__class__ is dict:
                    _add(add, number, item, places[at], claims)
                else:
                    _add_other(add, number, (value, at, item), places[at], claims)
        else:
            _add_other(add, number, (node, name, value), here[name], claims)


def _add_other(
    add: Callable[[Entry], None], number: int, slot: tuple[Any, str | int, Any], here: _Place, claims: Claims
) -> None:
    """Add what stands in something under a name or in a place, or the scalars in it, whatever it is."""
    around, key, value = slot
    if isinstance(value, dict):
        _add(add, number, value, here, claims)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            _add_other(add, number, (value, at, item), here[at], claims)
    elif value is not None:
        add(Entry(number, here.pointer, value, *claims[key].get(id(around), _LEFT)))
