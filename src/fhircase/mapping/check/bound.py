"""The rules of a shape, each with the field of the model that it carries."""

from collections.abc import Iterator

from fhircase.mapping.kinds.choice import Choice
from fhircase.mapping.kinds.columns import Columns
from fhircase.mapping.kinds.empty import Empty
from fhircase.mapping.kinds.listing import Listing
from fhircase.mapping.kinds.mirrored import Mirrored
from fhircase.mapping.kinds.node import Group, Node
from fhircase.mapping.kinds.related import Related
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.kinds.split import Split
from fhircase.mapping.models.described import Attribute, Described

Bound = Iterator[tuple[Rule, Attribute]]


def bound(shape: Shape, model: Described) -> Bound:
    """Each rule with its field, those inside others, in lists and in named types included."""
    yield from _of_shape(shape, model, set())


def _of_shape(shape: Shape, model: Described, seen: set[tuple[int, str]]) -> Bound:
    if (id(shape), model.name) in seen:
        return
    seen.add((id(shape), model.name))
    for name, rule in shape.fields.items():
        if name in model.fields:
            yield from _of_rule(rule, model.fields[name], seen)


def _of_rule(rule: Rule, field: Attribute, seen: set[tuple[int, str]]) -> Bound:
    yield rule, field
    for part in _parts(rule):
        yield from _of_rule(part, field, seen)
    for inner in shapes(rule):
        for model in field.objects:
            if len(field.objects) == 1 or model.fields.keys() >= inner.fields.keys():
                yield from _of_shape(inner, model, seen)


def _parts(rule: Rule) -> list[Rule]:
    """The rules that a rule hands the same field, or the items of it."""
    match rule:
        case Empty():
            return [rule.inner]
        case Mirrored():
            return list(rule.rules)
        case Choice():
            return [alternative for _, alternative in rule.alternatives]
        case Split():
            return [rule.listing]
        case Listing(each=Rule() as each) | Columns(each=Rule() as each):
            return [each]
    return []


def shapes(rule: Rule) -> list[Shape]:
    """The rules of the objects that a rule carries, or of the items."""
    if isinstance(rule, Node | Group | Related):
        return [rule.shape]
    each = rule.each if isinstance(rule, Listing | Columns) else None
    return [each] if isinstance(each, Shape) else []
