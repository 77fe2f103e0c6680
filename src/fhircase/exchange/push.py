"""What a record needs on a server: what to create, what to update, what to leave, and how references read there."""

from collections import ChainMap
from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from fhircase.exchange.abilities import Abilities
from fhircase.exchange.people import criteria, logical, reference_of
from fhircase.exchange.references import URN, Json, Known, resolve, token
from fhircase.fhir import bundle
from fhircase.fhir.lenient import object_at, objects_at
from fhircase.ledger import RecordKey, Resource
from fhircase.mapping import Placed
from fhircase.mapping.context import urn
from fhircase.mapping.kinds.rule import alike


@dataclass(frozen=True)
class Part:
    """One resource of a record: as it should be on the server, and as it was agreed to be."""

    key: RecordKey
    role: str
    resource: Json = field(repr=False)
    linked: bool = False
    """Belongs to the server; made there only if a setting allows it."""
    before: Json | None = field(default=None, repr=False)
    etag: str | None = None

    @property
    def new(self) -> bool:
        """Whether the server has none of it yet, as far as we know."""
        return self.before is None

    @cached_property
    def changed(self) -> bool:
        """Whether the server should see something else than what was agreed."""
        return not self.linked and not alike(self.resource, self.before)

    @cached_property
    def names(self) -> Sequence[tuple[str, str]]:
        """Whom it names by identifier only, none of our records: (type or empty, `system|value`)."""
        return tuple(logical(self.resource)) if self.new or self.changed else ()

    @property
    def reference(self) -> str:
        """How to refer to it: the server's reference, or one that only a transaction understands."""
        return f"{URN}{self.resource['id']}" if self.new else reference_of(self.resource)


def parts(key: RecordKey, placed: Iterable[Placed], agreed: Iterable[tuple[Resource, Json]]) -> tuple[Part, ...]:
    """Put what the mapping wrote beside what was agreed. What is no part of the record is left out."""
    known = {reference_of(before): (row, before) for row, before in agreed}
    made = []
    for each in placed:
        if each.new:
            made.append(Part(key, each.role, each.resource, each.linked))
        elif found := known.get(reference_of(each.resource)):
            row, before = found
            made.append(Part(key, row.role, each.resource, row.linked, before, row.etag))
    return tuple(made)


def known(every: Iterable[Part], rows: Iterable[Resource], names: MutableMapping[tuple[str, str], str]) -> Known:
    """What references mean on the server, given what is there and what the transaction will make.

    Args:
        every: the parts of all records of the transaction.
        rows: what other records are on the server.
        names: references of people and parties by type and `system|value`.
    """
    temporary: dict[str, str] = {}
    identified = ChainMap({}, names)  # What everybody is called may be much: it is not copied.
    for row in rows:
        _name(row.key, row.role, row.reference, temporary, identified)
    for part in every:
        reference = part.reference
        if part.linked and part.new:
            temporary[part.resource["id"]] = _person(part, identified)
            continue
        _name(part.key, part.role, reference, temporary, identified, part.resource["resourceType"])
        if part.new:
            temporary[part.resource["id"]] = reference
    return Known({id_: to for id_, to in temporary.items() if to}, identified)


def _person(part: Part, identified: Mapping[tuple[str, str], str]) -> str:
    tokens = (token(each) for each in objects_at(part.resource, "identifier"))
    return next((found for each in tokens if (found := identified.get((part.resource["resourceType"], each)))), "")


def _name(
    key: RecordKey,
    role: str,
    reference: str,
    temporary: dict[str, str],
    identified: MutableMapping[tuple[str, str], str],
    kind: str = "",
) -> None:
    temporary[urn(key.kind, key.namespace, key.value, role)] = reference
    name, _, item = role.partition(":")
    kind = kind or reference.partition("/")[0]
    if not item:
        identified[kind, f"{key.namespace}/{key.kind}|{key.value}"] = reference
    else:
        identified[kind, f"{key.namespace}/{name}|{key.value}:{item}"] = reference


def resolved(part: Part, known: Known) -> Part:
    """The part with the server's references."""
    if part.linked or (not part.new and not part.changed and not _completes(part, known)):
        return part
    return replace(part, resource=resolve(part.resource, known, part.before))


def _completes(part: Part, known: Known) -> bool:
    """Whether a reference that had to stay an identifier can be a reference now."""
    return not alike(resolve(part.resource, known, part.before), part.resource)


def entry(part: Part, can: Abilities, base_url: str) -> bundle.Entry | None:
    """The transaction's entry for a part; None where there is nothing to send.

    An update says its full URL, too: relative references in an entry without one lead nowhere, say strict servers.
    Source: https://hl7.org/fhir/R4/bundle.html#references
    """
    if part.new and (named := guard(part, can)):
        return bundle.create(part.resource, if_none_exist={"identifier": criteria([named])})
    if part.new:
        return bundle.create(part.resource)
    if not part.changed:
        return None
    return {"fullUrl": f"{base_url}/{part.reference}", **bundle.update(part.resource, if_match=part.etag)}


def guard(part: Part, can: Abilities) -> str:
    """The identifier on which a part's creation can depend; empty where the server or the part offers none.

    What is created without goes with others of its record that have one, in one transaction: all or none.
    """
    return business(part.key, part.resource) if can.can_guard(part.resource["resourceType"]) else ""


def writes(part: Part, absent: Collection[str]) -> frozenset[str]:
    """What sending a part writes, by reference or identifier: while that is under way, nobody else of us may.

    Args:
        part: of a record that is to be sent.
        absent: identifiers of patients that are created where a record names them.
    """
    if part.linked:
        tokens = {token(each) for each in objects_at(part.resource, "identifier")} if part.new else set()
        return frozenset(tokens) if tokens & set(absent) else frozenset()
    if not part.new:
        return frozenset((part.reference,))
    named = business(part.key, part.resource)
    return frozenset((f"{part.resource['resourceType']} {named}",)) if named else frozenset()


def business(key: RecordKey, resource: Json) -> str:
    """Our identifier on a resource as `system|value`, by which it is found again; empty if it has none."""
    one = object_at(resource, "identifier")
    for identifier in [one] if one else objects_at(resource, "identifier"):
        named, value = token(identifier), str(identifier.get("value"))
        ours = named.startswith(f"{key.namespace}/") and (value == key.value or value.startswith(f"{key.value}:"))
        if ours:
            return named
    return ""


def pointers(before: object, now: object, at: str = "") -> Sequence[str]:
    """The JSON Pointers (RFC 6901) at which two values differ."""
    if isinstance(before, dict) and isinstance(now, dict):
        names = [*before, *(name for name in now if name not in before)]
        inside = [(name.replace("~", "~0").replace("/", "~1"), before.get(name), now.get(name)) for name in names]
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        inside = [(str(number), *pair) for number, pair in enumerate(zip(before, now, strict=True))]
    else:
        return () if alike(before, now) else (at,)
    return tuple(pointer for name, was, is_ in inside for pointer in pointers(was, is_, f"{at}/{name}"))
