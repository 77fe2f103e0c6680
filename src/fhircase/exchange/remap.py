"""What a changed mapping makes of a record that is agreed, and how what it wrote is taken back.

What the local system said is said anew, where the mapping now has its place. What the server said is read anew. So a
change of the mapping never turns a partner's word into ours, and never empties an element that it only begins to own;
and no word of the record is lost because its place is another one now.
"""

from typing import Any, TypeVar

from pydantic import BaseModel

from fhircase.exchange.equality import same
from fhircase.exchange.references import Json
from fhircase.mapping.kinds.rule import alike
from fhircase.model.base import Item

R = TypeVar("R", bound=BaseModel)
UNSAID = "unspecified"
MISSING: Any = object()
"""What is not there at all."""


def renewed(current: R, local: R | None, read: R) -> R:
    """The record as it is under the mapping in force.

    Args:
        current: the record as it was agreed.
        local: what the local system holds of it; None if it never gave any.
        read: what the mapping in force reads in what was agreed.

    Raises:
        ValidationError: the parts do not fit together.
    """
    if local is None:
        return read
    values = {
        name: getattr(current, name) if _moved(name, current, read) else _value(*each)
        for name, each in ((name, [getattr(side, name) for side in (current, local, read)]) for name in _names(read))
    }
    return type(read).model_validate(values)


def _names(model: BaseModel) -> list[str]:
    return list(type(model).model_fields)


def _moved(name: str, current: BaseModel, read: BaseModel) -> bool:
    """Whether a field that was empty reads what another field says, whose place it has taken over."""
    value = getattr(read, name)
    if not _empty(getattr(current, name)) or _empty(value):
        return False
    others = (other for other in _names(read) if other != name and same(getattr(current, other), value))
    return any(not same(getattr(read, other), value) for other in others)


def _value(current: Any, local: Any, read: Any) -> Any:
    if _empty(current) or same(current, read):
        return read
    if _items(current) and _items(read):
        return _listed(current, local if isinstance(local, tuple) else (), read)
    if isinstance(current, tuple) and isinstance(read, tuple) and all(each in read for each in current):
        return read
    if isinstance(current, BaseModel) and type(current) is type(local) is type(read):
        return renewed(current, local, read)
    return current if same(current, local) or _empty(read) else read


def _empty(value: Any) -> bool:
    """Whether a field says nothing."""
    return value is None or value is False or value in ((), UNSAID)


def _items(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, Item) for item in value)


def _listed(current: tuple[Any, ...], local: tuple[Any, ...], read: tuple[Any, ...]) -> tuple[Any, ...]:
    """Items by their ids: what only the mapping in force reads is new, what it does not read stays if it is ours."""
    ours, there = {item.id: item for item in local}, {item.id: item for item in read}
    kept = [
        _value(item, ours.get(item.id), there[item.id]) if item.id in there else item
        for item in current
        if item.id in there or item.id in ours
    ]
    known = {item.id for item in current}
    return (*kept, *(item for item in read if item.id not in known))


def reverted(now: Any, after: Any, before: Any) -> tuple[Any, list[str]]:
    """A resource with what was written taken back, where nobody has changed it since.

    Args:
        now: as it is.
        after: as it was written.
        before: as it was before that.

    Returns:
        The resource, and the JSON Pointers (RFC 6901) at which somebody has changed it since.
    """
    kept: list[str] = []
    return _reverted(now, after, before, "", kept), kept


def _reverted(now: Any, after: Any, before: Any, at: str, kept: list[str]) -> Any:
    if _alike(after, before) or _alike(now, before):
        return now
    if _alike(now, after):
        return before
    if all(isinstance(each, dict) for each in (now, after, before)):
        return _object(now, after, before, at, kept)
    if all(isinstance(each, list) for each in (now, after, before)):
        if len(now) == len(after) == len(before):
            every = enumerate(zip(now, after, before, strict=True))
            return [_reverted(n, a, b, f"{at}/{number}", kept) for number, (n, a, b) in every]
        if _alike(now[: len(after)], after):
            return before + now[len(after) :]
    kept.append(at)
    return now


def _object(now: Json, after: Json, before: Json, at: str, kept: list[str]) -> Json:
    made = {}
    for name in [*now, *(name for name in before if name not in now)]:
        n, a, b = (each.get(name, MISSING) for each in (now, after, before))
        value = _reverted(n, a, b, f"{at}/{name.replace('~', '~0').replace('/', '~1')}", kept)
        if value is not MISSING:
            made[name] = value
    return made


def _alike(one: Any, other: Any) -> bool:
    return one is other if MISSING in (one, other) else alike(one, other)
