"""What generated readers ask of the JSON they meet; anything that FHIR does not have there is `Unusual`."""

from typing import Any

from fhircase.mapping.context import Context, Fate
from fhircase.mapping.kinds.code import UNSPECIFIED, Code
from fhircase.mapping.selector import Step, is_kind
from fhircase.mapping.straight.source import Unusual

BOXES = (dict, list)


def first(items: Any) -> Any:
    """The first item of a list."""
    for item in _list(items):
        if item is not None:
            return item
    return None


def having(items: Any, name: str, wanted: str) -> Any:
    """The first object of a list whose element is just that."""
    for item in _list(items):
        if item.__class__ is not dict:
            raise Unusual
        found = item.get(name)
        if found == wanted:
            return item
        if found.__class__ is list:
            raise Unusual
    return None


def coded(items: Any, name: str, system: str, code: str) -> Any:
    """The first object of a list whose concept has a code."""
    for item in _list(items):
        if item.__class__ is not dict:
            raise Unusual
        if says(item.get(name) if name else item, system, code):
            return item
    return None


def says(concept: Any, system: str, code: str) -> bool:
    """Whether a concept has a code."""
    if concept is None:
        return False
    if concept.__class__ is not dict:
        raise Unusual
    for coding in _list(concept.get("coding", ())):
        if coding.__class__ is not dict:
            raise Unusual
        if coding.get("code") == code and coding.get("system") == system:
            return True
    return False


def part_says(item: Any, name: str, system: str, code: str) -> bool:
    """Whether the concept in an object has a code."""
    if item.__class__ is not dict:
        raise Unusual
    return says(item.get(name), system, code)


def part_is(item: Any, name: str, wanted: str) -> bool:
    """Whether an element of an object is just that."""
    if item.__class__ is not dict:
        raise Unusual
    found = item.get(name)
    if found.__class__ is list:
        raise Unusual
    return bool(found == wanted)


def of_system(concept: Any, system: str) -> bool:
    """Whether a concept has a code of a system."""
    if concept.__class__ is not dict:
        raise Unusual
    for coding in _list(concept.get("coding", ())):
        if coding.__class__ is not dict:
            raise Unusual
        if coding.get("system") == system:
            return True
    return False


def picked(items: Any, step: Step) -> Any:
    """The first item of a list that a step means."""
    for item in _list(items):
        if item is not None and step.matches(item):
            return item
    return None


def of_kind(items: Any, kind: str, ours: str) -> Any:
    """The first Reference of a list to a resource of a type, which one of our records may be."""
    for item in _list(items):
        if item.__class__ is not dict:
            raise Unusual
        if item.get("type") == kind or is_kind(item, kind, ours):
            return item
    return None


def _list(items: Any) -> Any:
    if items.__class__ is not list and items != ():
        raise Unusual
    return items


def leads_to_item(ctx: Context, reference: Any, around: Any, items: str) -> bool:
    """Whether a reference leads to an item of that list."""
    resource = ctx.find(reference, around)
    return resource is not None and ctx.item_ids.get(id(resource), ("", ""))[0] == items


def place(items: list[Any], found: Any) -> int:
    """Where in a list something was found."""
    return next(at for at, item in enumerate(items) if item is found)


def contained(root: Any, kind: str) -> dict[str, Any]:
    """The contained resources of a type by id."""
    found: dict[str, Any] = {}
    for resource in _list(root.get("contained", ())):
        if resource.__class__ is not dict:
            raise Unusual
        if resource.get("resourceType") == kind and resource.get("id").__class__ is str:
            found.setdefault(resource["id"], resource)
    return found


class Accounts(dict[Any, tuple[tuple[Fate, str], ...]]):
    """What becomes of the codes at each place, by all of them together, and the row of the table that says so."""

    def __init__(self, rule: Code) -> None:
        super().__init__()
        self._table = rule.table

    def __missing__(self, codes: Any) -> tuple[tuple[Fate, str], ...]:
        together = codes if isinstance(codes, tuple) else (codes,)
        value = self._table.value(together)
        if value is None or value not in self._table.rows:
            raise Unusual
        row = self._table.row(value)
        self[codes] = tuple(
            ("carried" if code == cell else "normalised", row)
            for code, cell in zip(together, self._table.rows[value], strict=True)
        )
        return self[codes]


class Said(dict[Any, str | None]):
    """The value of the model by the codes that say it, each combination looked up in the table once."""

    def __init__(self, rule: Code) -> None:
        super().__init__()
        self._table = rule.table

    def __missing__(self, codes: Any) -> str | None:
        together = codes if isinstance(codes, tuple) else (codes,)
        value = self._table.value(together)
        cells = self._table.rows.get(value) if value is not None else None
        if cells is None:
            raise Unusual
        if any(code is not None and code != cell for code, cell in zip(together[1:], cells[1:], strict=True)):
            # It is told that the places disagree.
            raise Unusual
        self[codes] = None if value == UNSPECIFIED else value
        return self[codes]
