"""No two rules own the same place, and what refers to a list finds it."""

from collections.abc import Iterator

from fhircase.errors import Problem
from fhircase.mapping.check.walk import flat, problem, related
from fhircase.mapping.grammar import near
from fhircase.mapping.kinds.listing import Others
from fhircase.mapping.kinds.refers import Refers
from fhircase.mapping.kinds.related import Related
from fhircase.mapping.kinds.rule import Shape


def doubled(shape: Shape) -> Iterator[Problem]:
    """Places that two rules own."""
    owners: dict[str, str] = {}
    for rule in flat(shape):
        for path in sorted({path.text for path in rule.places()}) if rule.carries else ():
            if path in owners:
                yield problem(rule.name, f"`{path}` is owned by two rules", f"the other: {owners[path]}")
            owners[path] = rule.name
    for each in related(shape):
        yield from doubled(each.shape)


def refers(shape: Shape, known: frozenset[str] = frozenset()) -> Iterator[Problem]:
    """References to lists that are not there."""
    known |= {rule.items for rule in shape.rules.values() if isinstance(rule, Related)}
    for rule in flat(shape):
        inner = rule.shape if isinstance(rule, Related) else getattr(rule, "each", None)
        named = rule.items if isinstance(rule, Refers) else rule.besides if isinstance(rule, Others) else None
        if named is not None and named not in known:
            yield problem(rule.name, f"no list of resources is called `{named}`{near(named, known)}")
        elif isinstance(inner, Shape):
            yield from refers(inner, known)
