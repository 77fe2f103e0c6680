"""The rules of a mapping in words: which field, what kind of rule, which places, which codes."""

from collections.abc import Iterator

from fhircase.mapping.compiled import Mapping
from fhircase.mapping.kinds.choice import Choice
from fhircase.mapping.kinds.code import Code
from fhircase.mapping.kinds.constant import Constant
from fhircase.mapping.kinds.field import Field
from fhircase.mapping.kinds.flag import Flag
from fhircase.mapping.kinds.identity import ElementId, ItemKey, RecordKey
from fhircase.mapping.kinds.link import LinkRule
from fhircase.mapping.kinds.listing import ContainedListing, Listing
from fhircase.mapping.kinds.mirrored import Mirrored
from fhircase.mapping.kinds.node import Group, Node
from fhircase.mapping.kinds.refer import Refer
from fhircase.mapping.kinds.refers import Refers
from fhircase.mapping.kinds.related import Forward, Related
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.kinds.same import Same
from fhircase.mapping.kinds.tags import Tags

Row = tuple[str, str, str, str, str]

_WORDS: dict[type[Rule], str] = {
    Field: "value",
    Constant: "constant",
    Code: "code table",
    Tags: "codes in a list",
    Flag: "yes or no",
    LinkRule: "link",
    Listing: "list",
    ContainedListing: "contained resources",
    Forward: "resources referred to",
    Choice: "one of several",
    Mirrored: "same in several places",
    Group: "group",
    Node: "object",
    RecordKey: "key of the record",
    ItemKey: "id of the item",
    ElementId: "id of the item",
    Refers: "links inside the record",
    Refer: "reference inside the record",
    Same: "copied from",
}


def told_rules(mapping: Mapping) -> Iterator[Row]:
    """Every rule of a mapping, those of the items in its lists included, in the file's order."""
    yield from _rules(mapping.shape, "")


def _rules(shape: Shape, way: str) -> Iterator[Row]:
    for name, rule in shape.rules.items():
        field = f"{way}.{name}" if way else name
        yield _row(field, rule)
        if isinstance(rule, Related):
            yield _row(f"{field}[].id", rule.id)
        inner = _inner(rule)
        if inner is not None and _written_here(inner, field):
            yield from _rules(inner, field if isinstance(rule, Group) else f"{field}[]")


def _inner(rule: Rule) -> Shape | None:
    if isinstance(rule, Group | Related):
        return rule.shape
    if isinstance(rule, Listing) and isinstance(rule.each, Shape):
        return rule.each
    return None


def _written_here(inner: Shape, field: str) -> bool:
    """Whether rules are the file's own; those of a named type (a note, a concept) are the same everywhere."""
    names = [rule.name.partition(" ")[2] for rule in inner.rules.values()]
    return bool(names) and names[0].startswith(field.replace("[]", "") + ".")


def _row(field: str, rule: Rule) -> Row:
    places = dict.fromkeys(path.text for path in rule.places()) if not isinstance(rule, Group) else ()
    where = rule.name.partition(" ")[0]
    return field if rule.carries else f"({field})", kind_of(rule), "\n".join(places), "\n".join(_codes(rule)), where


def kind_of(rule: Rule) -> str:
    """What kind of rule it is, in words."""
    if isinstance(rule, Related) and not isinstance(rule, Forward):
        return "resources that refer to it"
    return _WORDS.get(type(rule), type(rule).__name__.lower())


def _codes(rule: Rule) -> Iterator[str]:
    if isinstance(rule, Code):
        for value, cells in rule.table.rows.items():
            yield f"{value} = {' | '.join(cell or '-' for cell in cells)}"
    elif isinstance(rule, Tags):
        for value, codes in rule.written.items():
            yield f"{value} = {', '.join(code for _, code in codes)}"
