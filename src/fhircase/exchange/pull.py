"""What to ask a server for news, how far it has been read, and whom a changed resource concerns."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from pydantic import BaseModel

from fhircase.exchange.people import reference_of, version_of
from fhircase.exchange.references import Json, targets
from fhircase.fhir.instant import last_updated
from fhircase.fhir.lenient import object_at, text_at
from fhircase.ledger import RecordKey, Resource
from fhircase.mapping.compiled import all_compiled
from fhircase.model.base import Item

OVERLAP = timedelta(minutes=5)
"""Servers commit late: what was changed a little before the newest seen may only now be visible."""
LOOSE = timedelta(days=1)
"""The same where the clock is that of whoever wrote."""
AT_ONCE = 200
"""Resources asked for in one page; servers may give fewer."""


@dataclass(frozen=True, slots=True)
class Query:
    """Something to ask, again and again."""

    type: str
    criteria: str = ""
    addressed: bool = False
    """Whether its answers are for us even if they have nothing to do with what we know."""

    @property
    def name(self) -> str:
        """What its cursor is called."""
        return f"pull {self.type}?{self.criteria}" if self.criteria else f"pull {self.type}"

    def since(self, position: str | None, parameter: str = "_lastUpdated") -> str:
        """The search from where the last one ended; everything if there was none."""
        parts = [self.criteria] if self.criteria else []
        if position:
            overlap = OVERLAP if parameter == "_lastUpdated" else LOOSE
            parts.append(f"{parameter}=ge{earlier(position, overlap)}")
        return "&".join([*parts, f"_count={AT_ONCE}"])


def queries(fhir: str, overlays: tuple[str, ...], own: Iterable[str], organization: str | None) -> list[Query]:
    """What a site asks a server.

    Args:
        fhir: the server's FHIR version.
        overlays: the overlays in use.
        own: what the configuration adds, such as `Task?status=requested`.
        organization: the server's reference for who we are.
    """
    types = dict.fromkeys(kind for mapping in all_compiled(fhir, overlays) for kind in mapping.types.values())
    asked = [Query(kind) for kind in types]
    if organization:
        asked.append(Query("Task", f"owner={organization}", addressed=True))
    for text in own:
        kind, _, criteria = text.partition("?")
        asked.append(Query(kind, criteria, addressed=True))
    return asked


def newest(position: str | None, moments: Iterable[datetime | None], now: datetime) -> str | None:
    """How far a query has been read, by the server's own clock.

    Not beyond now: one moment in the future, which somebody's import may bring, would hide all that comes until then.
    """
    known = [min(moment, now) for moment in moments if moment]
    if position:
        known.append(datetime.fromisoformat(position))
    return max(known).isoformat() if known else None


def earlier(position: str, overlap: timedelta = OVERLAP) -> str:
    """Where to read on from, so that what was committed late is read, too."""
    moment = datetime.fromisoformat(position).astimezone(UTC) - overlap
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def skipped(resources: Iterable[Json], seen: datetime | None) -> bool:
    """Whether some of these would be missed if they were not read now: the next search starts after them."""
    moments = [last_updated(resource) for resource in resources]
    return any(moment is None or seen is None or moment < seen - OVERLAP for moment in moments)


def unchanged(agreed: Json | None, resource: Json) -> bool:
    """Whether a resource is still what was agreed, so that there is no news in it: our own write, most often."""
    if agreed is None:
        return False
    one, other = version_of(agreed), version_of(resource)
    return one == other if one and other else agreed == resource


def concerned(resource: Json, holders: Mapping[str, Collection[Resource]]) -> set[RecordKey]:
    """The records that a resource nobody holds yet may have become a part of: it refers to a part of theirs.

    What belongs to the server does not count: everything about a patient refers to the patient.
    """
    rows = (row for reference in targets(resource) for row in holders.get(reference, ()))
    return {row.key for row in rows if not row.linked}


def next_references(kind: str, fhir: str, overlays: tuple[str, ...], resources: Iterable[Json]) -> set[str]:
    """What the resources of a record refer to that may be parts of it, too."""
    fitting = part_types(kind, fhir, overlays)
    return {
        reference
        for resource in resources
        for reference in targets(resource)
        if reference.count("/") == 1 and reference.partition("/")[0] in fitting
    }


def part_types(kind: str, fhir: str, overlays: tuple[str, ...]) -> frozenset[str]:
    """The types of resources that a kind of record is made of."""
    return frozenset(
        name for mapping in all_compiled(fhir, overlays) if mapping.kind == kind for name in mapping.types.values()
    )


def linked_roles(kind: str, fhir: str, overlays: tuple[str, ...]) -> frozenset[str]:
    """The roles of resources in a kind of record that belong to the server."""
    return frozenset(
        role for mapping in all_compiled(fhir, overlays) if mapping.kind == kind for role in mapping.linked
    )


def arranged(record: BaseModel | None, roles: Mapping[str, str], resources: Iterable[Json]) -> list[Json]:
    """Bring a record's resources into the order in which the record lists them; new ones come last, oldest first.

    Resources that refer to another have no order of their own, and the record's list should not change by chance.
    """
    place = {path: number for number, path in enumerate(_items(record, ""), start=1)} if record and roles else {}

    def order(resource: Json) -> tuple[bool, int, str, str]:
        reference = reference_of(resource)
        role = roles.get(reference)
        if role is None:
            written = text_at(resource, "authoredOn") or text_at(object_at(resource, "meta"), "lastUpdated")
            return True, 0, written, reference
        item = role.partition(":")[2]
        return False, place.get(item, len(place) + 1) if item else 0, role, reference

    return sorted(resources, key=order)


def _items(value: BaseModel, around: str) -> Iterator[str]:
    """The ids of all items of a record, with those around them: `o1`, `o1:x1`."""
    for name in type(value).model_fields:
        inside = getattr(value, name)
        for item in inside if isinstance(inside, tuple) else ():
            if isinstance(item, Item):
                path = f"{around}:{item.id}" if around else item.id
                yield path
                yield from _items(item, path)


def change_id(
    server: str, key: RecordKey, resources: Iterable[Json], text: bytes, revision: int, *, versioned: bool = True
) -> str:
    """One id for one piece of news, however often it is found: who says so, in which versions, and what it comes to.

    Where versions do not tell, as some servers give none and a changed mapping makes none (`versioned` is off), the
    record's revision tells a return to what was from what it returns to.
    """
    every = list(resources)
    versions = sorted(f"{reference_of(resource)}@{version_of(resource)}" for resource in every)
    if not versioned or not all(map(version_of, every)):
        versions.append(str(revision))
    said = blake2b("\n".join([server, *key, *versions]).encode(), digest_size=16)
    said.update(b"\0" + text)
    return said.hexdigest()
