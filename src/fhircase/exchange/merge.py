"""Two sides' changes to one record brought together, each compared with what that side was last known to hold.

Rule per field: ours unchanged, take theirs; theirs unchanged, take ours; both the same, take that; both only added to
a list, take all of it; else it is a conflict, named by its path, and theirs stands until a person decides.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from fhircase.exchange.equality import same
from fhircase.model import Case, Coding, Concept, Custom, Identifier, Key, Link, Quantity, Record, Recurrence
from fhircase.model.base import Item

R = TypeVar("R", bound=BaseModel)


class _Absent:
    """The item is not in the list, or nothing is known of it."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Any = _Absent()
WHOLE = "record"
"""The path of a conflict that is about the record as a whole."""

LINKED: dict[type[BaseModel], frozenset[str]] = {Case: frozenset({"client"})}
"""Fields that belong to the server once there is one: the clinical side owns who the client is."""

ATOMS = (Coding, Concept, Identifier, Key, Link, Quantity, Recurrence)
"""Their parts say one thing together: one side's code with the other side's words would say a third."""


@dataclass(frozen=True, slots=True)
class Merged(Generic[R]):
    """A record with both sides' changes, and whose each of them was. Paths only, never values."""

    record: R
    conflicts: tuple[str, ...] = ()
    """Changed by both sides to different things; theirs stands."""
    from_ours: tuple[str, ...] = ()
    from_theirs: tuple[str, ...] = ()
    overruled: tuple[str, ...] = ()
    """Changed by us in what belongs to the server; theirs stands, and nobody need decide."""


@dataclass(frozen=True, slots=True)
class _Four:
    """One place, as both sides have it and as each was last known to have it."""

    ours: Any
    ours_base: Any
    theirs: Any
    theirs_base: Any
    based: bool = False
    """Whether both bases are known, so that an empty one says that there was nothing."""

    def each(self, take: Callable[[Any], Any], *, based: bool = False) -> "_Four":
        return _Four(take(self.ours), take(self.ours_base), take(self.theirs), take(self.theirs_base), based)


@dataclass(slots=True)
class _Notes:
    decided: tuple[str, ...] = ()
    conflicts: list[str] = field(default_factory=list)
    ours: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)
    overruled: list[str] = field(default_factory=list)


def merge(
    ours: R,
    ours_base: R | None,
    theirs: R,
    theirs_base: R | None,
    *,
    linked: bool = True,
    decided: Iterable[str] = (),
) -> Merged[R]:
    """Bring both sides' changes together.

    Args:
        ours: the record as our side says now.
        ours_base: what our side was last known to hold; None if it never held any.
        theirs: the record as the other side says now.
        theirs_base: what was last agreed with the other side; None if nothing ever was.
        linked: whether what belongs to the server is known from there; until then it is ours to say.
        decided: places at which ours is right, whatever theirs says.

    Raises:
        ValueError: they are not the same record.
    """
    if type(ours) is not type(theirs) or getattr(ours, "key", None) != getattr(theirs, "key", None):
        raise ValueError("only versions of one record can be merged")
    notes = _Notes(tuple(decided))
    owned = LINKED.get(type(ours), frozenset()) if linked else frozenset()
    values: dict[str, Any] = {}
    for name, four in _fields(_Four(ours, ours_base, theirs, theirs_base)):
        values[name] = _linked(name, four, notes) if name in owned else _value(name, four, notes)
    record = _made(type(ours), values)
    if record is None:
        return _broken(theirs, notes)
    return Merged(record, tuple(notes.conflicts), tuple(notes.ours), tuple(notes.theirs), tuple(notes.overruled))


def changed(before: Record, now: Record) -> tuple[str, ...]:
    """The paths at which a record differs from what it was."""
    return merge(before, before, now, before, linked=False).from_theirs


def apart(paths: Iterable[str], one: Record, other: Record) -> tuple[str, ...]:
    """Those of the paths at which two versions of a record still differ."""
    differing = changed(one, other)
    return tuple(path for path in paths if any(_touch(path, each) for each in differing))


def within(paths: Iterable[str], places: Iterable[str]) -> bool:
    """Whether all of the paths lie at or in one of these places."""
    around = tuple(places)
    return all(any(place in (path, WHOLE) or _inside(path, place) for place in around) for path in paths)


def _touch(one: str, other: str) -> bool:
    return WHOLE in (one, other) or one == other or _inside(one, other) or _inside(other, one)


def _inside(path: str, place: str) -> bool:
    return path.startswith((f"{place}.", f"{place}["))


def _fields(four: _Four) -> Iterator[tuple[str, _Four]]:
    """Each field with its four values. What has no base has said nothing: the field's default."""
    model = type(four.ours)
    if model is Custom:
        said = four.each(lambda side: side.said() if isinstance(side, Custom) else {})
        for name in dict.fromkeys([*said.theirs, *said.ours]):
            yield name, said.each(partial(_item, name), based=four.based)
        return
    for name, info in model.model_fields.items():
        nothing = ABSENT if info.is_required() else info.default
        based = isinstance(four.ours_base, model) and isinstance(four.theirs_base, model)
        yield name, four.each(partial(_field, model, name, nothing), based=based)


def _field(model: type[BaseModel], name: str, nothing: Any, side: Any) -> Any:
    return getattr(side, name) if isinstance(side, model) else nothing


def _linked(path: str, four: _Four, notes: _Notes) -> Any:
    if same(four.ours, four.theirs):
        return four.theirs
    if getattr(four.theirs, "link", None) is not None and getattr(four.ours, "link", None) is None:
        # They only say whom they mean; that takes nothing away from what is known.
        return four.ours
    (notes.theirs if same(four.ours, four.ours_base) else notes.overruled).append(path)
    return four.theirs


def _value(path: str, four: _Four, notes: _Notes) -> Any:
    if same(four.ours, four.theirs):
        return four.theirs
    if _mergeable(four):
        return _object(path, four, notes)
    if _listed(four.ours, four.theirs):
        return _items(path, four, notes)
    return _whole(path, four, notes)


def _whole(path: str, four: _Four, notes: _Notes) -> Any:
    if same(four.ours, four.ours_base):
        notes.theirs.append(path)
        return four.theirs
    if same(four.theirs, four.theirs_base):
        notes.ours.append(path)
        return four.ours
    if four.based and (more := _added(four.ours, four.ours_base)) and _added(four.theirs, four.theirs_base):
        return _together(path, four, more, notes)
    return _asked(path, four, notes)


def _asked(path: str, four: _Four, notes: _Notes) -> Any:
    if within([path], notes.decided):
        notes.ours.append(path)
        return four.ours
    notes.conflicts.append(path)
    return four.theirs


def _added(now: Any, before: Any) -> tuple[Any, ...]:
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


def _together(path: str, four: _Four, more: Iterable[Any], notes: _Notes) -> Any:
    """Theirs, and of what we added that which they have not added, too."""
    theirs = _added(four.theirs, four.theirs_base)
    new = tuple(each for each in more if not any(same(each, other) for other in theirs))
    notes.theirs.append(path)
    if new:
        notes.ours.append(path)
    return four.theirs + new


def _mergeable(four: _Four) -> bool:
    """Whether two objects are versions of one, so that their fields can be merged one by one."""
    model = type(four.ours)
    if not issubclass(model, BaseModel) or issubclass(model, ATOMS) or type(four.theirs) is not model:
        return False
    return issubclass(model, Item) or model in (type(four.ours_base), type(four.theirs_base))


def _object(path: str, four: _Four, notes: _Notes) -> Any:
    inner = _Notes(notes.decided)
    values = {name: _value(f"{path}.{name}", each, inner) for name, each in _fields(four)}
    made = _made(type(four.ours), {name: value for name, value in values.items() if value is not ABSENT})
    if made is None:
        return _asked(path, four, notes)
    notes.conflicts += inner.conflicts
    notes.ours += inner.ours
    notes.theirs += inner.theirs
    return made


def _items(path: str, four: _Four, notes: _Notes) -> Any:
    lists = four.each(lambda items: {item.id: item for item in items} if isinstance(items, tuple) else {})
    kept = {}
    for id_ in _frame(path, lists, notes):
        value = _value(f"{path}[{id_}]", lists.each(partial(_item, id_)), notes)
        if value is not ABSENT:
            kept[id_] = value
    return tuple(kept.values())


def _item(id_: str, items: dict[str, Any]) -> Any:
    return items.get(id_, ABSENT)


def _frame(path: str, lists: _Four, notes: _Notes) -> list[str]:
    """The order of all items: as the side that changed the order has it, new ones of the other side last."""
    ids = lists.each(list)
    moved, shifted = _moved(ids.ours, ids.ours_base), _moved(ids.theirs, ids.theirs_base)
    apart = _moved(ids.ours, ids.theirs)
    decided = within([f"{path}[]"], notes.decided)
    if moved and shifted and apart and not decided:
        notes.conflicts.append(f"{path}[]")
    elif moved and (not shifted or decided):
        notes.ours.append(f"{path}[]")
        return [*ids.ours, *(id_ for id_ in ids.theirs if id_ not in lists.ours)]
    elif shifted and apart:
        notes.theirs.append(f"{path}[]")
    return [*ids.theirs, *(id_ for id_ in ids.ours if id_ not in lists.theirs)]


def _moved(now: list[str], before: list[str]) -> bool:
    stayed = [id_ for id_ in before if id_ in now]
    return [id_ for id_ in now if id_ in before] != stayed


def _listed(ours: Any, theirs: Any) -> bool:
    both = (*ours, *theirs) if isinstance(ours, tuple) and isinstance(theirs, tuple) else ()
    return bool(both) and all(isinstance(item, Item) for item in both)


def _made(model: type[R], values: dict[str, Any]) -> R | None:
    try:
        return model.model_validate(values)
    except ValidationError:
        return None


def _broken(theirs: R, notes: _Notes) -> Merged[R]:
    """Each change is fine, and together they are not: theirs stands, and every change of ours is named."""
    named = (WHOLE, *notes.conflicts, *notes.ours)
    return Merged(theirs, named, (), tuple(notes.theirs), tuple(notes.overruled))
