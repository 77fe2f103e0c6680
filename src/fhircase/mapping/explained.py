"""The rules of a mapping in words: which field, what kind of rule, which places, which codes."""

from collections.abc import Iterator
from dataclasses import dataclass

from fhircase.mapping.compiled import Mapping
from fhircase.mapping.kinds.code import Code
from fhircase.mapping.kinds.constant import Constant
from fhircase.mapping.kinds.link import LinkRule
from fhircase.mapping.kinds.listing import Listing
from fhircase.mapping.kinds.node import Group, Node
from fhircase.mapping.kinds.related import Related
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.kinds.tags import Tags


@dataclass(frozen=True, slots=True)
class Told:
    """One rule in words."""

    field: str
    """Dotted, `[]` after a list; in parentheses what carries no field of the model."""
    kind: str
    places: tuple[str, ...]
    codes: tuple[str, ...]
    """The rows of its code table, or what else it says of values."""
    where: str
    """File and line."""
    rule: Rule


def told(mapping: Mapping) -> Iterator[Told]:
    """Every rule of a mapping, those of the items in its lists included, in the file's order."""
    yield from _rules(mapping.shape, "")


def _rules(shape: Shape, way: str) -> Iterator[Told]:
    for name, rule in shape.rules.items():
        field = f"{way}.{name}" if way else name
        yield _told(field, rule)
        if isinstance(rule, Related):
            yield _told(f"{field}[].id", rule.id)
        inner = _inner(rule)
        if inner is not None and not inner.shared:
            yield from _rules(inner, field if isinstance(rule, Group) else f"{field}[]")


def _inner(rule: Rule) -> Shape | None:
    if isinstance(rule, Group | Related):
        return rule.shape
    if isinstance(rule, Listing) and isinstance(rule.each, Shape):
        return rule.each
    return None


def _told(field: str, rule: Rule) -> Told:
    places = dict.fromkeys(path.text for path in rule.places()) if not isinstance(rule, Group) else ()
    name = field if rule.carries else f"({field})"
    return Told(name, kind_of(rule), tuple(places), tuple(_codes(rule)), rule.name.partition(" ")[0], rule)


def kind_of(rule: Rule) -> str:
    """What kind of rule it is, in words."""
    if isinstance(rule, Node):
        return rule.shape.called or rule.called
    if isinstance(rule, Listing) and isinstance(rule.each, Shape) and rule.each.called:
        return f"{rule.called} of {rule.each.called}"
    if isinstance(rule, Listing) and isinstance(rule.each, Rule):
        return f"{rule.called} of {kind_of(rule.each)}"
    return rule.called


def _codes(rule: Rule) -> Iterator[str]:
    if isinstance(rule, Code):
        for value, cells in rule.table.rows.items():
            yield f"{value} = {' | '.join(cell or '-' for cell in cells)}"
    elif isinstance(rule, Tags):
        for value, codes in rule.written.items():
            yield f"{value} = {', '.join(code for _, code in codes)}"
    elif isinstance(rule, Constant):
        yield _constant(rule)
    elif isinstance(rule, LinkRule) and rule.kind:
        yield f"to a {rule.kind}"


def _constant(rule: Constant) -> str:
    if not isinstance(rule.value, dict):
        return "unknown" if rule.value is None else str(rule.value)
    return ", ".join(f"{coding['system']}#{coding['code']}" for coding in rule.value["coding"])
