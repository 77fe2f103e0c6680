"""Each law as a check of one reading."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from fhircase.errors import FhircaseError
from fhircase.fhir import jsontext
from fhircase.fhir.jsontext import Json
from fhircase.mapping.compiled import Mapping, mapping_for
from fhircase.mapping.kinds.rule import alike
from fhircase.mapping.laws.changes import Change, Donors
from fhircase.mapping.laws.owned import copies, dependent, without
from fhircase.mapping.narrative import is_generated
from fhircase.mapping.reading import Reading, from_fhir
from fhircase.mapping.report import Entry
from fhircase.mapping.writing import to_fhir
from fhircase.model import record_type


@dataclass(frozen=True, slots=True)
class Broken:
    """A law that does not hold."""

    law: int
    where: str
    what: str

    def __str__(self) -> str:
        return f"law {self.law}: {self.what} @ {self.where}"


def broken(reading: Reading, donors: Donors, fhir: str, dice: Random, scalars: int | None = None) -> Iterator[Broken]:
    """Check laws 1 to 4 on what was read from resources.

    Args:
        reading: the record and the resources it was read from.
        donors: other records, for values to change to.
        fhir: R4, R4B or R5.
        dice: picks the values.
        scalars: of how many scalars to check whether their fate is true; of all when None.
    """
    there = list(reading.resources)
    before = jsontext.encode(there)
    if jsontext.encode(to_fhir(reading.record, fhir, there)) != before:
        yield Broken(2, "", "written back it is another")
    yield from _fates(reading, fhir, dice, scalars)
    for change in donors.changes(reading.record, dice):
        if _at_hand(reading, change):
            continue
        try:
            written = jsontext.decode(jsontext.encode(to_fhir(change.record, fhir, there)))
            again = from_fhir(written, fhir, record_type(reading.record))
        except FhircaseError as error:
            yield Broken(1, change.name, f"what is written cannot be read: {error}")
            continue
        if again.record != change.record:
            yield Broken(1, change.name, f"what is written is read as another ({_first(change.record, again.record)})")
        yield from _whole(reading, change, written, fhir) if change.whole else _inside(reading, change, again, fhir)
    if jsontext.encode(there) != before:
        yield Broken(2, "", "what was written onto was changed itself")


def _at_hand(reading: Reading, change: Change) -> bool:
    """Whether the new value is a bare link to a resource that is there: reading says what that holds."""
    value = str(getattr(change.record, str(change.way[0])))
    return any(f"'{each['resourceType']}/{each['id']}'" in value for each in reading.resources if "id" in each)


def _first(one: Any, other: Any) -> str:
    return next((name for name in type(one).model_fields if getattr(one, name) != getattr(other, name)), "")


def _whole(reading: Reading, change: Change, written: list[Json], fhir: str) -> Iterator[Broken]:
    """Law 3 by the places of a field: without them, both are the same."""
    there = list(reading.resources)
    pairs = zip(*without(_mapping(change, fhir), str(change.way[0]), there, written), strict=True)
    for number, (old, new) in enumerate(pairs):
        _forget_narrative(there[number], old, new)
        if "id" not in old:
            # Where another one has to refer to it, it gets an id for the time being.
            new.pop("id", None)
        if not alike(old, new):
            yield Broken(3, f"{change.name} in {old.get('resourceType')}", f"differs at {_difference(old, new, '')}")


def _mapping(change: Change, fhir: str) -> Mapping:
    record = change.record
    return mapping_for(record_type(record), record.model_dump(exclude_defaults=True), fhir)


def _inside(reading: Reading, change: Change, again: Reading, fhir: str) -> Iterator[Broken]:
    """Law 3 by the report: all that is not said by the rule of the changed place is the same, and in its order."""
    mapping = _mapping(change, fhir)
    paths = [same.path for same in copies(mapping, str(change.way[0]))]
    paths += [path for rule in dependent(mapping, change.name) for path in rule.places()]
    repeated = tuple("/".join([mapping.types[p.role], *(step.name for step in p.steps[:1])]) for p in paths)
    old, new = (list(_others(each, change.name, repeated)) for each in (reading, again))
    if old != new:
        gone, come = [e for e in old if e not in new], [e for e in new if e not in old]
        yield Broken(
            3, change.name, f"differs at {[where for where, _ in (gone + come)[:3]] or 'the order of its items'}"
        )


def _others(reading: Reading, name: str, repeated: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """What is said elsewhere: by other rules or none, and not beside or in other words what the changed rule says."""
    inside = tuple(way.partition("/")[2] for way in repeated)
    said = [(_plain(reading, e), f"{name}.".startswith(f"{e.rule.rpartition(' ')[2]}."), e) for e in reading.report]
    mine = {way for way, its, _ in said if its}
    words = {way.removesuffix("/coding/code") for way in mine if way.endswith("/coding/code")}
    for way, its, entry in said:
        told = entry.pointer.startswith("/text/") and is_generated(reading.resources[entry.resource])
        beside = "/_" in way and mine & set(_above(way.replace("/_", "/")))
        copied = way.startswith(repeated) or way.partition("/contained/")[2].startswith(inside)
        if not (its or told or copied or beside or words & set(_above(way))):
            yield way, (entry.value, type(entry.value).__name__)


def _plain(reading: Reading, entry: Entry) -> str:
    names = [part for part in entry.pointer.split("/") if not part.isdigit()]
    return f"{reading.resources[entry.resource]['resourceType']}{'/'.join(names)}"


def _above(way: str) -> Iterator[str]:
    while way:
        yield way
        way = way.rpartition("/")[0]


def _forget_narrative(before: Json, *nodes: Json) -> None:
    if is_generated(before):
        for node in nodes:
            node.pop("text", None)


def _difference(old: Any, new: Any, way: str) -> str:
    if isinstance(old, dict) and isinstance(new, dict):
        names = sorted(name for name in old.keys() | new.keys() if not alike(old.get(name), new.get(name)))
        return _difference(old.get(names[0]), new.get(names[0]), f"{way}/{names[0]}")
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        at = next(at for at, item in enumerate(old) if not alike(item, new[at]))
        return _difference(old[at], new[at], f"{way}/{at}")
    return way


def _fates(reading: Reading, fhir: str, dice: Random, scalars: int | None) -> Iterator[Broken]:
    """Law 4: every scalar has one fate, and what is left over says nothing while what is carried does."""
    report = reading.report
    told = sorted((entry.resource, entry.pointer) for entry in report)
    there = sorted((number, way) for number, r in enumerate(reading.resources) for way in _scalars(r, ""))
    if told != there:
        yield Broken(4, str(sorted(set(told) ^ set(there))[:3]), "not every scalar has one fate")
    some = [entry for entry in report if entry.fate in ("leftover", "carried")]
    for entry in some if scalars is None else dice.sample(some, min(scalars, len(some))):
        same = _reread(reading, entry, fhir) == reading.record
        if same != (entry.fate == "leftover"):
            says = "the record is the same without it" if same else "the record is another without it"
            yield Broken(4, entry.pointer, f"`{entry.fate}`, and {says} ({entry.rule})")


def _scalars(node: Any, way: str) -> Iterator[str]:
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _scalars(value, f"{way}/{str(key).replace('~', '~0').replace('/', '~1')}")
    elif node is not None:
        yield way


def _reread(reading: Reading, entry: Entry, fhir: str) -> Any:
    """The record when that one scalar says something else; None when it is then refused."""
    resources = jsontext.copy(list(reading.resources))
    node = resources[entry.resource]
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in entry.pointer.split("/")[1:]]
    for part in way:
        node = node[int(part)] if isinstance(node, list) else node[part]
    node[int(last) if isinstance(node, list) else last] = _other(entry.value)
    try:
        return from_fhir(resources, fhir, record_type(reading.record)).record
    except FhircaseError:
        return None


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        # Blanks alone say nothing: then more blanks are what must change nothing.
        return f"{value}x" if value.strip() else f"{value} "
    return value + 1
