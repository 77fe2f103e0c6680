"""Two sides' changes to one record brought together, each compared with what that side was last known to hold.

Rule per field: ours unchanged, take theirs; theirs unchanged, take ours; both the same, take that; both only added to
a list, take all of it; else the field's policy decides. Where that is to ask, it is a conflict, named by its path, and
theirs stands until a person decides. What a policy passes over is named, too.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from fhircase.exchange import lists
from fhircase.exchange.changes import ABSENT, ATOMS, changed
from fhircase.exchange.equality import same
from fhircase.mapping.merging import Merging, Policy
from fhircase.model import Custom, Record
from fhircase.model.base import Item

R = TypeVar("R", bound=BaseModel)


WHOLE = "record"
"""The path of a conflict that is about the record as a whole."""

NONE: Mapping[str, Merging] = MappingProxyType({})
"""No policies: everything is asked."""

_ITEM = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True, slots=True)
class Merged(Generic[R]):
    """A record with both sides' changes, and whose each of them was. Paths only, never values."""

    record: R
    conflicts: tuple[str, ...] = ()
    """Changed by both sides to different things; theirs stands."""
    from_ours: tuple[str, ...] = ()
    from_theirs: tuple[str, ...] = ()
    overruled: tuple[str, ...] = ()
    """Changed by one side, and by the field's policy not so; nobody need decide."""


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


@dataclass(frozen=True, slots=True)
class _Rules:
    """How this merge is to be made."""

    policies: Mapping[str, Merging]
    decided: tuple[str, ...]
    linked: bool
    told_by_us: bool

    def at(self, path: str) -> Merging | None:
        """The policy of just this place."""
        return self.policies.get(_ITEM.sub("", path)) if self.policies else None

    def around(self, path: str) -> Policy:
        """The policy of a place, or of what it is a part of; lists and statuses have theirs for themselves."""
        way = _ITEM.sub("", path)
        while way:
            found = self.policies.get(way)
            if found and found.policy not in (Policy.UNION, Policy.FORWARD):
                return found.policy
            way = way.rpartition(".")[0]
        return Policy.ASK


@dataclass(slots=True)
class _Notes:
    rules: _Rules
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
    policies: Mapping[str, Merging] = NONE,
    linked: bool = True,
    decided: Iterable[str] = (),
    told_by_us: bool = False,
) -> Merged[R]:
    """Bring both sides' changes together.

    Args:
        ours: the record as our side says now.
        ours_base: what our side was last known to hold; None if it never held any.
        theirs: the record as the other side says now.
        theirs_base: what was last agreed with the other side; None if nothing ever was.
        policies: by the path of the field, without the ids of items.
        linked: whether what belongs to the server is known from there; until then it is ours to say.
        decided: places at which ours is right, whatever theirs says.
        told_by_us: whether ours is what was just said, and theirs what is known; else it is the other way round. What
            was just said never takes back a status that only goes forward.

    Raises:
        ValueError: they are not the same record.
    """
    if type(ours) is not type(theirs) or getattr(ours, "key", None) != getattr(theirs, "key", None):
        raise ValueError("only versions of one record can be merged")
    notes = _Notes(_Rules(policies, tuple(decided), linked, told_by_us))
    record = _made(type(ours), _fields("", _Four(ours, ours_base, theirs, theirs_base), notes))
    if record is None:
        return _broken(theirs, notes)
    return Merged(record, tuple(notes.conflicts), tuple(notes.ours), tuple(notes.theirs), tuple(notes.overruled))


def apart(paths: Iterable[str], one: Record, other: Record) -> tuple[str, ...]:
    """Those of the paths at which two versions of a record still differ."""
    differing = changed(one, other)
    return tuple(path for path in paths if any(touch(path, each) for each in differing))


def within(paths: Iterable[str], places: Iterable[str]) -> bool:
    """Whether all of the paths lie at or in one of these places."""
    around = tuple(places)
    return all(any(place in (path, WHOLE) or _inside(path, place) for place in around) for path in paths)


def touch(one: str, other: str) -> bool:
    """Whether one of two places lies in the other."""
    return WHOLE in (one, other) or one == other or _inside(one, other) or _inside(other, one)


def _inside(path: str, place: str) -> bool:
    return path.startswith((f"{place}.", f"{place}["))


def _fields(around: str, four: _Four, notes: _Notes) -> dict[str, Any]:
    """Each field of two objects of one model, merged. What has no base has said nothing: the field's default."""
    model: type[BaseModel] = type(four.ours)
    if model is Custom:
        said = four.each(lambda side: side.said() if isinstance(side, Custom) else {})
        names = dict.fromkeys([*said.theirs, *said.ours])
        return {name: _value(around + name, said.each(partial(_item, name), based=four.based), notes) for name in names}
    based = isinstance(four.ours_base, model) and isinstance(four.theirs_base, model)
    values = {}
    for name, nothing in _defaults(model):
        values[name] = getattr(four.theirs, name)
        # What they were before matters only where they differ, and most fields do not.
        if not same(getattr(four.ours, name), values[name]):
            take = partial(_field, model, name, nothing)
            values[name] = _value(around + name, four.each(take, based=based), notes)
    return values


@cache
def _defaults(model: type[BaseModel]) -> tuple[tuple[str, Any], ...]:
    """The fields of a model, each with what it is where nobody said anything."""
    fields = model.model_fields.items()
    return tuple((name, ABSENT if info.is_required() else info.default) for name, info in fields)


def _field(model: type[BaseModel], name: str, nothing: Any, side: Any) -> Any:
    return getattr(side, name) if isinstance(side, model) else nothing


def _linked(path: str, four: _Four, notes: _Notes) -> Any:
    """What belongs to the server is as the server says."""
    if getattr(four.theirs, "link", None) is not None and getattr(four.ours, "link", None) is None:
        # They only say whom they mean; that takes nothing away from what is known.
        return four.ours
    (notes.theirs if same(four.ours, four.ours_base) else notes.overruled).append(path)
    return four.theirs


def _value(path: str, four: _Four, notes: _Notes) -> Any:
    if same(four.ours, four.theirs):
        return four.theirs
    policy = notes.rules.at(path)
    if policy and policy.owned and notes.rules.linked:
        return _linked(path, four, notes)
    if policy and policy.policy is Policy.FORWARD:
        return _forward(path, four, policy, notes)
    if _mergeable(four):
        return _object(path, four, notes)
    if lists.listed(four.ours, four.theirs):
        return _items(path, four, notes)
    return _whole(path, four, notes)


def _forward(path: str, four: _Four, policy: Merging, notes: _Notes) -> Any:
    """A status: what was just said may take what is known further in its life, and never back."""
    ours_changed = not same(four.ours, four.ours_base)
    theirs_changed = not same(four.theirs, four.theirs_base)
    told, known = (four.ours, four.theirs) if notes.rules.told_by_us else (four.theirs, four.ours)
    told_changed, known_changed = ours_changed, theirs_changed
    if not notes.rules.told_by_us:
        told_changed, known_changed = known_changed, told_changed
    further = policy.back(told, known)
    if told_changed and known_changed and not further and not policy.back(known, told):
        return _asked(path, four, notes)
    if not told_changed or policy.back(known, told):
        taken, passed = known, told_changed
    else:
        taken, passed = told, known_changed
    (notes.ours if taken is four.ours else notes.theirs).append(path)
    if passed:
        notes.overruled.append(path)
    return taken


def _whole(path: str, four: _Four, notes: _Notes) -> Any:
    if same(four.ours, four.ours_base):
        notes.theirs.append(path)
        return four.theirs
    if same(four.theirs, four.theirs_base):
        notes.ours.append(path)
        return four.ours
    if four.based and (more := lists.added(four.ours, four.ours_base)) and lists.added(four.theirs, four.theirs_base):
        return _together(path, four, more, notes)
    if _unites(path, notes):
        return _united(path, four, notes)
    return _asked(path, four, notes)


def _asked(path: str, four: _Four, notes: _Notes) -> Any:
    if within([path], notes.rules.decided):
        notes.ours.append(path)
        return four.ours
    match notes.rules.around(path):
        case Policy.OURS:
            notes.ours.append(path)
            notes.overruled.append(path)
            return four.ours
        case Policy.THEIRS:
            notes.theirs.append(path)
            notes.overruled.append(path)
        case _ if path.endswith("[]") and _unites(path, notes):
            notes.theirs.append(path)
            notes.overruled.append(path)
        case _:
            notes.conflicts.append(path)
    return four.theirs


def _unites(path: str, notes: _Notes) -> bool:
    policy = notes.rules.at(path)
    return policy is not None and policy.policy is Policy.UNION


def _united(path: str, four: _Four, notes: _Notes) -> Any:
    """What either side added is there, what either took out is not; of an item that one took out, the other's."""
    notes.ours.append(path)
    notes.theirs.append(path)
    if not (isinstance(four.ours, tuple) and isinstance(four.theirs, tuple)):
        notes.overruled.append(path)
        return four.ours if four.theirs is ABSENT else four.theirs
    base = four.ours_base if isinstance(four.ours_base, tuple) else ()
    added = lists.without(four.ours, base)
    new = lists.without(
        added, lists.without(four.theirs, four.theirs_base if isinstance(four.theirs_base, tuple) else ())
    )
    return lists.without(four.theirs, lists.without(base, four.ours)) + new


def _together(path: str, four: _Four, more: Iterable[Any], notes: _Notes) -> Any:
    """Theirs, and of what we added that which they have not added, too."""
    theirs = lists.added(four.theirs, four.theirs_base)
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
    inner = _Notes(notes.rules)
    values = _fields(f"{path}.", four, inner)
    made = _made(type(four.ours), {name: value for name, value in values.items() if value is not ABSENT})
    if made is None:
        return _asked(path, four, notes)
    notes.conflicts += inner.conflicts
    notes.ours += inner.ours
    notes.theirs += inner.theirs
    notes.overruled += inner.overruled
    return made


def _items(path: str, four: _Four, notes: _Notes) -> Any:
    sides = four.each(lambda items: {item.id: item for item in items} if isinstance(items, tuple) else {})
    kept = {}
    for id_ in _frame(path, sides, notes):
        value = _value(f"{path}[{id_}]", sides.each(partial(_item, id_)), notes)
        if value is not ABSENT:
            kept[id_] = value
    return tuple(kept.values())


def _item(id_: str, items: dict[str, Any]) -> Any:
    return items.get(id_, ABSENT)


def _frame(path: str, sides: _Four, notes: _Notes) -> list[str]:
    """The order of all items: as the side that changed the order has it, new ones of the other side last."""
    ids = sides.each(list)
    moved, shifted = lists.moved(ids.ours, ids.ours_base), lists.moved(ids.theirs, ids.theirs_base)
    apart = lists.moved(ids.ours, ids.theirs)
    both = moved and shifted and apart
    if both and _asked(f"{path}[]", ids, notes) is ids.ours:
        return [*ids.ours, *(id_ for id_ in ids.theirs if id_ not in sides.ours)]
    if both:
        pass
    elif moved and not shifted:
        notes.ours.append(f"{path}[]")
        return [*ids.ours, *(id_ for id_ in ids.theirs if id_ not in sides.ours)]
    elif shifted and apart:
        notes.theirs.append(f"{path}[]")
    return [*ids.theirs, *(id_ for id_ in ids.ours if id_ not in sides.theirs)]


def _made(model: type[R], values: dict[str, Any]) -> R | None:
    try:
        return model.model_validate(values)
    except ValidationError:
        return None


def _broken(theirs: R, notes: _Notes) -> Merged[R]:
    """Each change is fine, and together they are not: theirs stands, and every change of ours is named."""
    named = (WHOLE, *notes.conflicts, *notes.ours)
    return Merged(theirs, named, (), tuple(notes.theirs), tuple(notes.overruled))
