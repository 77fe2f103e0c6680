"""Records to resources: `to_fhir`. Nothing is written but the differences."""

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Names
from functools import partial
from os import PathLike
from typing import Any, NamedTuple

from fhircase.errors import Problem, RecordInvalid
from fhircase.fhir import jsontext
from fhircase.fhir.jsontext import Json
from fhircase.mapping.claims import claim, is_ours
from fhircase.mapping.compiled import Mapping, mapping_for
from fhircase.mapping.context import Context, Scope
from fhircase.mapping.custom import unsaid
from fhircase.mapping.differing import write_differing
from fhircase.mapping.index import Index
from fhircase.mapping.kinds.node import Group
from fhircase.mapping.kinds.rule import Rule, Shape, alike
from fhircase.mapping.models.fitting import Unfit
from fhircase.mapping.narrative import is_generated, narrate
from fhircase.mapping.reading import in_force, plain, quickly, read
from fhircase.mapping.resolve import anchored_by_key, resolve
from fhircase.mapping.straight.source import Unusual
from fhircase.model import Key, record_type
from fhircase.model.plain import plain as plain_data

_SILENT = frozenset({"Patient"})


class Placed(NamedTuple):
    """A resource of a record."""

    resource: Json
    role: str
    """What it is in the record: `task`, `goal:g1`; empty for one that is no part of it."""
    linked: bool
    """Whether it belongs to the server: matched and linked, never written."""
    new: bool
    changed: bool
    """Whether it is new or differs from what it was written onto."""


def to_fhir(
    record: Any,
    fhir: str = "R4",
    onto: Sequence[Json] = (),
    overlays: Sequence[str] = (),
    known: Names[str, Key] | None = None,
    server: str = "",
    *,
    mapping: str | PathLike[str] | None = None,
) -> list[Json]:
    """Write a record as FHIR resources.

    Args:
        record: a case, care plan, referral, work item, need, goal or consent; or one of your own, with its
            mapping file.
        fhir: R4, R4B or R5.
        onto: the record's resources as they are; only what differs is changed, everything else stays as it is.
        overlays: names or paths of overlays, in order.
        known: keys of records that a server knows, as `onto` was read with.
        server: base URL, as `onto` was read with.
        mapping: a mapping file, for a record of your own.

    Returns:
        The resources of `onto` in their order, then new ones in the record kind's order. New ones carry a temporary
        `id`, and references to them are `urn:uuid:` with that id until a server gives them ids of its own.

    Raises:
        ResourceRefused: `onto` cannot be read as this kind of record.
        RecordInvalid: it holds custom fields or local values that no rule of these overlays says;
            a record of your own does not fit its model, has no key, or holds what its rules cannot say.
        MappingFileError: the mapping file is wrong; every problem, with its line.
    """
    return [placed.resource for placed in write(record, fhir, onto, overlays, known, server, mapping=mapping)]


def write(
    record: Any,
    fhir: str = "R4",
    onto: Sequence[Json] = (),
    overlays: Sequence[str] = (),
    known: Names[str, Key] | None = None,
    server: str = "",
    *,
    mapping: str | PathLike[str] | None = None,
) -> list[Placed]:
    """As `to_fhir`, and says of each resource its role and whether it changed."""
    if mapping is None and not onto:
        try:
            return _quickly(record, fhir, overlays, known, server)
        except Unusual:
            # The rules themselves say what cannot be said, or write what is rare.
            pass
    by, data, key = _told(record, fhir, overlays, mapping)
    given = [jsontext.copy(resource) for resource in onto]
    server = server or _server(key)
    index = Index((("", resource) for resource in given), server)
    ctx = Context(by.version, list(given), index, plain(known), server)
    anchor = anchored_by_key(by, given, key, ctx) if given else None
    if anchor is not None:
        try:
            return _onto(by, data, key, list(onto), ctx, anchor)
        except (Unusual, Unfit):
            ctx = Context(by.version, list(given), index, ctx.known, server)
        reading = read(by, given, anchor, index, ctx.known, server)
        if alike(by.model.dump(reading.record), data):
            return _unchanged(by, given, reading.resources, reading.roles)
    ctx.key = key
    return _written(by, data, list(onto), given, ctx, anchor)


def _quickly(
    record: Any, fhir: str, overlays: Sequence[str], known: Names[str, Key] | None, server: str
) -> list[Placed]:
    """Write a new record's resources in straight lines.

    Raises:
        Unusual: the rules themselves have to do it.
    """
    by = mapping_for(record_type(record), record.__dict__, fhir, overlays)
    key = dict(record.key.__dict__)
    server = server or _server(key)
    ctx = Context(by.version, [], Index((), server), plain(known), server, key)
    scope = by.scope(ctx)
    for role in by.always:
        scope.ensure(role)
    ctx.scratch = True
    ctx.joins = {via.role: via.join for via in by.vias}
    _until_settled(
        by, scope, lambda: _told(record, fhir, overlays, None)[1], lambda: by.straight.write(scope, record.__dict__)
    )
    return _placed(by, ctx, [], [])


def _onto(
    mapping: Mapping, data: Json, key: dict[str, str], onto: list[Json], ctx: Context, anchor: Json
) -> list[Placed]:
    """Read what is there in straight lines, and write what differs from it.

    Raises:
        Unusual: the rules themselves have to look at what is there.
        Unfit: it is no record, and they will say why.
    """
    given = list(ctx.resources)
    scope, read_data, used = quickly(mapping, ctx, anchor)
    if alike(read_data, data):
        return _unchanged(mapping, given, used, [ctx.roles[id(resource)] for resource in used])
    before = mapping.model.dump(mapping.model.load(read_data))
    if alike(before, data):
        return _unchanged(mapping, given, used, [ctx.roles[id(resource)] for resource in used])
    ctx.key = key
    ctx.joins = {via.role: via.join for via in mapping.vias}
    _until_settled(mapping, scope, lambda: data, lambda: write_differing(mapping.following, scope, before, data))
    return _placed(mapping, ctx, onto, given)


def _told(
    record: Any, fhir: str, overlays: Sequence[str], file: str | PathLike[str] | None
) -> tuple[Mapping, Json, dict[str, str]]:
    """The mapping that writes a record, the record's plain data and its key."""
    if file is None:
        data = plain_data(record)
        mapping = mapping_for(record_type(record), data, fhir, overlays)
        if problems := unsaid(mapping.sayable, data):
            raise RecordInvalid(problems)
        return mapping, data, data["key"]
    (mapping,) = in_force(fhir, overlays, file)
    try:
        data = mapping.model.dump(record)
    except Unfit as error:
        raise RecordInvalid([Problem(what, _dotted(way), mapping.name) for way, what in error.errors]) from None
    key = mapping.key_of(data)
    if key is None:
        hint = "a record without it could not be told from others"
        raise RecordInvalid(Problem("there is none", _dotted(mapping.key), mapping.key_rule().name, hint))
    return mapping, data, key


def _dotted(way: Sequence[Any]) -> str:
    return ".".join(str(part) for part in way)


def _server(key: dict[str, str]) -> str:
    namespace = key["namespace"]
    return namespace.removeprefix("server:") if namespace.startswith("server:") else ""


def _unchanged(mapping: Mapping, given: list[Json], used: Sequence[Json], roles: Sequence[str]) -> list[Placed]:
    by_id = {id(resource): role for resource, role in zip(used, roles, strict=True)}
    return [
        Placed(
            resource,
            role := by_id.get(id(resource), ""),
            _is_linked(role, mapping),
            new=False,
            changed=False,
        )
        for resource in given
    ]


def _written(
    mapping: Mapping, data: Json, before: list[Json], given: list[Json], ctx: Context, anchor: Json | None
) -> list[Placed]:
    key = ctx.key
    scope = resolve(mapping, ctx, anchor)
    ctx.key = key
    for role in mapping.always if anchor is None else ():
        scope.ensure(role)
    ctx.scratch = not given
    ctx.joins = {via.role: via.join for via in mapping.vias}
    _until_settled(mapping, scope, lambda: data, lambda: mapping.shape.write(scope, data))
    return _placed(mapping, ctx, before, given)


def _until_settled(mapping: Mapping, scope: Scope, data: Callable[[], Json], write: Callable[[], None]) -> None:
    """Write; and write again where that made a resource, which the rules before have not yet seen."""
    while True:
        known = {role for role, node in scope.nodes.items() if node is not None}
        write()
        for via in mapping.vias:
            via.write(scope, None)
        scope.ctx.scratch = False
        made = {role for role, node in scope.nodes.items() if node is not None} - known
        if not made:
            return
        write = partial(_later(mapping, frozenset(made)).write, scope, data())


def _later(mapping: Mapping, made: frozenset[str]) -> Shape:
    if made not in mapping.later:
        rules = {name: rule for name, rule in mapping.shape.rules.items() if _missed(rule, made)}
        mapping.later[made] = type(mapping.shape)(rules)
    return mapping.later[made]


def _missed(rule: Rule, made: frozenset[str]) -> bool:
    """Whether a rule has something to say in a resource that was made after it was written."""
    if isinstance(rule, Group):
        return any(_missed(inner, made) for inner in rule.shape.rules.values())
    roles = {path.role for path in rule.places()}
    return bool(roles & made) and (len(roles) > 1 or not rule.carries or not rule.idle())


def _placed(mapping: Mapping, ctx: Context, before: list[Json], given: list[Json]) -> list[Placed]:
    if ctx.refused:
        raise RecordInvalid(list(dict.fromkeys(ctx.refused)))
    placed = []
    for old, resource in zip(before, given, strict=True):
        role = ctx.roles.get(id(resource), "")
        changed = not alike(old, resource)
        if changed and is_generated(resource):
            narrate(resource)
        if changed and is_ours(resource, ctx.key):
            claim(resource, mapping.claims.get(role.partition(":")[0], ()))
        placed.append(Placed(resource, role, _is_linked(role, mapping), new=False, changed=changed))
    order = {role: number for number, role in enumerate(mapping.types)}
    new = [
        (resource, role := ctx.roles[id(resource)], role.partition(":")[0]) for resource in ctx.resources[len(given) :]
    ]
    for resource, role, own in sorted(new, key=lambda entry: order[entry[2]]):
        if resource["resourceType"] not in _SILENT:
            narrate(resource)
        if own in mapping.claims:
            claim(resource, mapping.claims[own])
        placed.append(Placed(resource, role, own in mapping.linked, new=True, changed=True))
    return placed


def _is_linked(role: str, mapping: Mapping) -> bool:
    return role.partition(":")[0] in mapping.linked
