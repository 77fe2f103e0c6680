"""That a policy for merging fits its field: a list for `union`, a status whose words all have steps for `forward`."""

from collections.abc import Iterator

from fhircase.errors import Problem
from fhircase.mapping.check.bound import bound
from fhircase.mapping.check.walk import Checked, every, problem
from fhircase.mapping.grammar import near
from fhircase.mapping.kinds.rule import Rule
from fhircase.mapping.merging import Policy, stated
from fhircase.mapping.models.described import Attribute
from fhircase.model.custom import is_local


def merging(of: Checked) -> Iterator[Problem]:
    """What is wrong with the policies that rules state."""
    placed = {id(rule) for _, rule in stated(of.shape)}
    fields = {id(rule): field for rule, field in bound(of.shape, of.model.described)}
    for rule in every(of.shape):
        if rule.order and rule.merge != Policy.FORWARD:
            yield problem(rule.name, "`order:` is for `merge: forward`")
        if not rule.merge:
            continue
        if rule.merge not in list(Policy):
            hint = f"known: {', '.join(Policy)}"
            yield problem(rule.name, f"no policy is called `{rule.merge}`{near(rule.merge, Policy)}", hint)
        elif id(rule) not in placed:
            yield problem(rule.name, "`merge:` stands beside a rule that carries a field, and not inside of one")
        elif (field := fields.get(id(rule))) is not None:
            yield from _fits(rule, field)


def _fits(rule: Rule, field: Attribute) -> Iterator[Problem]:
    if rule.merge == Policy.UNION and not field.many:
        yield problem(rule.name, "`merge: union` is for lists, and the field takes one value")
    if rule.merge == Policy.FORWARD:
        yield from _forward(rule, field)


def _forward(rule: Rule, field: Attribute) -> Iterator[Problem]:
    if not field.values or field.many:
        yield problem(rule.name, "`merge: forward` is for statuses, and the field has no words of its own")
        return
    named = [word for step in rule.order for word in step]
    for word in sorted({word for word in named if named.count(word) > 1}):
        yield problem(rule.name, f"`{word}` has two steps in the order")
    for word in [word for word in field.values if word not in named]:
        hint = "name every status of the field: those at the same step in a list of their own"
        yield problem(rule.name, f"`{word}` has no step in the order", hint)
    for word in [word for word in named if word not in field.values]:
        if not (field.local and is_local(word)):
            yield problem(rule.name, f"the field has no status `{word}`{near(word, field.values)}")
