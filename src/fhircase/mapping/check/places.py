"""No two rules own the same place, and what refers to a list finds it."""

from collections.abc import Iterator, Sequence

from fhircase.errors import Problem
from fhircase.mapping.check.claimed import Owned, owned
from fhircase.mapping.check.exclusion import meet, rivals
from fhircase.mapping.check.walk import Checked, flat, problem
from fhircase.mapping.grammar import near
from fhircase.mapping.kinds.listing import Others
from fhircase.mapping.kinds.refers import Refers
from fhircase.mapping.kinds.related import Related
from fhircase.mapping.kinds.rule import Rule, Shape


def doubled(of: Checked) -> Iterator[Problem]:
    """Places that two rules own; of two rules once."""
    there: dict[tuple[str, str], list[Owned]] = {}
    told: set[tuple[str, str]] = set()
    for claim in owned(of):
        others = there.setdefault((claim.role, _element(claim)), [])
        for other in others:
            mine, theirs = _parted(claim.rules, other.rules)
            if mine is None or theirs is None or _shares(mine, theirs) or _shares(theirs, mine):
                continue
            pair = (mine.name, theirs.name)
            if pair not in told and (found := _clash(claim, other, mine, theirs)):
                told.add(pair)
                yield found
        others.append(claim)


def _element(claim: Owned) -> str:
    """The element of the resource; all types of a choice count as one."""
    first = claim.steps[0] if claim.steps else None
    return min(first.name, *first.rivals) if first and first.rivals else first.name if first else ""


def _parted(mine: Sequence[Rule], theirs: Sequence[Rule]) -> tuple[Rule | None, Rule | None]:
    """The first rules that two places do not have in common; none where one of them owns both."""
    for one, other in zip(mine, theirs, strict=False):
        if one is not other:
            return one, other
    return None, None


def _shares(one: Rule, other: Rule) -> bool:
    """Whether a list says that it leaves the other's items alone."""
    return isinstance(one, Others) and isinstance(other, Related) and one.besides == other.items


def _clash(claim: Owned, other: Owned, mine: Rule, theirs: Rule) -> Problem | None:
    here, there, hint = _at(mine, claim), _at(theirs, other), f"the other: {theirs.name}"
    if meet(claim.steps, other.steps):
        if here == there:
            return problem(mine.name, f"`{here}` is owned by two rules", hint)
        what = f"`{here}` and `{there}` can be the same place, or one inside the other"
        return problem(mine.name, what, f"{hint}; let a selector leave out what the other's picks, as `!=` and `!~` do")
    if rivals(claim.steps, other.steps) and not claim.single & other.single:
        what = f"only one of `{here}` and `{there}` can be there"
        return problem(mine.name, what, f"{hint}; let one field say either: `{{choice: [...]}}`")
    return None


def _at(rule: Rule, claim: Owned) -> str:
    """The path of a rule, as it is written; of one with several, that of the claim."""
    paths = {path.text for path in rule.places()}
    return next(iter(paths)) if len(paths) == 1 else claim.text


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
