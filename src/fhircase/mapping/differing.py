"""Writing a record onto resources that were just read: only the rules run whose field differs, or that may follow one.

A rule whose field is as it was read changes nothing (the second law). It has to run all the same where another rule
has written to one of its places, or to what it copies; and a rule of which nothing is known here always runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fhircase.fhir.jsontext import Json
from fhircase.mapping.context import Scope
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
from fhircase.mapping.kinds.related import Forward, Related, Reverse
from fhircase.mapping.kinds.rule import Rule, Shape, alike
from fhircase.mapping.kinds.same import Same
from fhircase.mapping.kinds.tags import Tags

_KNOWN: frozenset[type[Rule]] = frozenset(
    {
        *(Field, Node, Group, Code, Choice, Mirrored, LinkRule, Listing, ContainedListing, Forward, Reverse, Tags),
        *(Flag, ElementId, ItemKey, RecordKey, Refers, Constant, Refer, Same),
    }
)
"""Kinds whose writing depends on their own places only, and (`Same`) on those that they copy."""

Place = tuple[str, str]
"""A role and the name of an element of its resource."""


@dataclass(frozen=True)
class Following:
    """What makes a rule run though its field is as it was."""

    field: str
    rule: Rule
    always: bool
    places: frozenset[Place]
    roles: frozenset[str]
    """Roles of items that are found anew when it runs."""

    def due(self, touched: set[Place]) -> bool:
        """Whether something was written that the rule may have to follow."""
        return self.always or not self.places.isdisjoint(touched)


def following(shape: Shape) -> list[Following]:
    """What each rule of a record follows."""
    found = []
    for field, rule in shape.rules.items():
        rules = [rule, *_inside(rule)]
        always = not rule.carries or any(type(each) not in _KNOWN for each in rules)
        places = frozenset(place for each in rules for place in _places(each))
        roles = frozenset(each.role for each in rules if isinstance(each, Related))
        found.append(Following(field, rule, always, places, roles))
    return found


def _inside(rule: Rule) -> Iterator[Rule]:
    """Every rule inside a rule."""
    inner: list[Any] = [getattr(rule, name, None) for name in ("shape", "each", "id", "identifier")]
    inner += getattr(rule, "rules", ())
    inner += [each for _, each in getattr(rule, "alternatives", ())]
    for each in inner:
        for found in each.rules.values() if isinstance(each, Shape) else [each] if isinstance(each, Rule) else ():
            yield found
            yield from _inside(found)


def _places(rule: Rule) -> Iterator[Place]:
    for path in (*rule.places(), *getattr(rule, "sources", ()), *getattr(rule, "resets", ())):
        if path.role and path.steps:
            yield path.role, path.steps[0].name


def write_differing(rules: list[Following], scope: Scope, before: Json, data: Json) -> None:
    """Write the fields that differ from what was read, and what follows them."""
    roles = {role for role, node in scope.nodes.items() if node is not None}
    seen, touched, all_due = 0, set[Place](), False
    for each in rules:
        value = data.get(each.field)
        if all_due or each.due(touched) or not alike(before.get(each.field), value):
            _forget(scope, each.roles)
            each.rule.write(scope, value)
            if len(scope.ctx.touched) != seen:
                seen = len(scope.ctx.touched)
                touched = {(_role(scope, id_), name) for id_, name in scope.ctx.touched}
            # A resource that came or went changes what other rules see.
            all_due = all_due or roles != {role for role, node in scope.nodes.items() if node is not None}


def _forget(scope: Scope, roles: frozenset[str]) -> None:
    """What was an item's resource may be none any more."""
    gone = [id_ for id_, role in scope.ctx.roles.items() if role.partition(":")[0] in roles] if roles else []
    for id_ in gone:
        del scope.ctx.roles[id_]


def _role(scope: Scope, id_: int) -> str:
    return scope.ctx.roles.get(id_, "").partition(":")[0]
