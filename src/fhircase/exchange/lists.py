"""What became of a list: what was put into it, what was taken out, what was moved."""

from collections.abc import Iterable
from typing import Any

from fhircase.exchange.equality import same
from fhircase.model.base import Item


def without(items: tuple[Any, ...], others: Iterable[Any]) -> tuple[Any, ...]:
    """Those items that are not among the others; of several that are the same, as many go as the others have."""
    left = list(items)
    for other in others:
        at = next((number for number, each in enumerate(left) if same(each, other)), None)
        if at is not None:
            del left[at]
    return tuple(left)


def added(now: Any, before: Any) -> tuple[Any, ...]:
    """What was put into a list whose entries have no ids, wherever; nothing if anything else happened to it.

    Wherever: what both sides added stands in another order here and there, and neither has moved anything.
    """
    if not isinstance(now, tuple) or not isinstance(before, tuple):
        return ()
    rest, new = list(before), []
    for each in now:
        if rest and same(each, rest[0]):
            del rest[0]
        else:
            new.append(each)
    return () if rest else tuple(new)


def moved(now: list[str], before: list[str]) -> bool:
    """Whether those of a list's ids that were there before stand in another order."""
    stayed = [id_ for id_ in before if id_ in now]
    return [id_ for id_ in now if id_ in before] != stayed


def listed(ours: Any, theirs: Any) -> bool:
    """Whether both are lists whose items have ids."""
    both = (*ours, *theirs) if isinstance(ours, tuple) and isinstance(theirs, tuple) else ()
    return bool(both) and all(isinstance(item, Item) for item in both)
