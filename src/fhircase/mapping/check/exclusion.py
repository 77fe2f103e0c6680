"""Whether two places can be the same: by names, and by selectors of which one leaves out what the other picks."""

from collections.abc import Sequence

from fhircase.mapping.selector import Step, Test

ENDS = "ends"
"""A condition of ours beside those of selectors: the value ends with a text, as the system of a record's key does."""


def meet(one: Sequence[Step], other: Sequence[Step]) -> bool:
    """Whether the shorter way can lead to a place on the longer one."""
    return all(_same(mine, theirs) for mine, theirs in zip(one, other, strict=False))


def rivals(one: Sequence[Step], other: Sequence[Step]) -> bool:
    """Whether two ways part at the types of one choice, of which only one can be there."""
    for mine, theirs in zip(one, other, strict=False):
        if mine.name != theirs.name:
            return mine.name in theirs.rivals
        if not _same(mine, theirs):
            return False
    return False


def _same(one: Step, other: Step) -> bool:
    if one.name != other.name:
        return False
    return not any(_exclude(mine, theirs) or _exclude(theirs, mine) for mine in one.tests for theirs in other.tests)


def _exclude(one: Test, other: Test) -> bool:
    """Whether no item can meet both."""
    if one.how == "is":
        return _of_type(one, other)
    if one.names != other.names:
        return False
    same = one.wanted == other.wanted
    match one.how, other.how:
        case "=", "=":
            found = not same and not any(many for _, many in one.names)
        case "~", "~":
            found = not same
        case "~", "!$":
            found = one.wanted[0] == other.wanted[0]
        case "ends", "=":
            found = not other.wanted[0].endswith(one.wanted[0])
        case how, but:
            found = same and but == f"!{how}"
    return found


def _of_type(one: Test, other: Test) -> bool:
    """The same of references to a type of resource: `[is X]`, and `[type=Y]` or `[type!=X]`."""
    if other.how == "is":
        return one.names == other.names and one.wanted[0] != other.wanted[0]
    if other.names != (*one.names, ("type", False)):
        return False
    return (one.wanted[0] == other.wanted[0]) == (other.how == "!=") and other.how in ("=", "!=")
