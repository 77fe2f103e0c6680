"""Resources to records: `from_fhir`."""

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Names
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from os import PathLike, fspath
from typing import Any

from fhircase.errors import Problem, ResourceRefused
from fhircase.fhir.jsontext import Json
from fhircase.mapping.compiled import Mapping, all_compiled, compiled
from fhircase.mapping.context import Claims, Context, Misfit, Scope
from fhircase.mapping.custom import read_as_typed
from fhircase.mapping.index import Index
from fhircase.mapping.kinds.node import Group
from fhircase.mapping.models.fitting import Unfit
from fhircase.mapping.report import Entry, entries
from fhircase.mapping.resolve import anchored, resolve, suspicious, unsafe
from fhircase.mapping.straight.source import Unusual
from fhircase.model import RECORDS, Key, Record

_TO_BE_READ = (
    "a case is a Task with our case code or an EpisodeOfCare, a plan a CarePlan, a referral a ServiceRequest order"
)
KNOWN_MODIFIERS = frozenset({"https://fhircase.org/fhir/StructureDefinition/do-not-perform"})


@dataclass(frozen=True)
class Reading:
    """A record, and what became of every scalar of the resources it was read from."""

    record: Any
    """The record (`fhircase.Case`, ...)."""
    resources: tuple[Json, ...]
    """The resources it was read from, as they were."""
    roles: tuple[str, ...]
    """The role of each of the resources."""
    remarks: tuple[Problem, ...]
    """What was noticed and did not stop the reading, such as places that disagree."""
    _again: Any = field(repr=False, compare=False)

    @cached_property
    def report(self) -> tuple[Entry, ...]:
        """Where each scalar went, by JSON Pointer: carried, normalised, constant or leftover."""
        claims = self._again()
        return tuple(entries(self.resources, claims))

    @cached_property
    def leftovers(self) -> tuple[Entry, ...]:
        """What no rule owns; it stays on the server as it is."""
        return tuple(entry for entry in self.report if entry.fate == "leftover")


def from_fhir(
    resources: Json | Sequence[Json],
    fhir: str = "R4",
    record_type: type[Record] | str | None = None,
    known: Names[str, Key] | None = None,
    overlays: Sequence[str] = (),
    server: str = "",
    *,
    mapping: str | PathLike[str] | None = None,
    report: bool = False,
) -> Reading:
    """Read one record from its resources.

    Args:
        resources: the record's resources, in any order; others may be among them.
        fhir: R4, R4B or R5.
        record_type: a record class or kind, when it is not to be found out from the resources.
        known: keys of records that a server knows, by reference such as `Task/12`.
        overlays: names or paths of overlays, in order.
        server: base URL, for absolute references and for the key of a record that has no identifier of ours.
        mapping: a mapping file, for records of your own; without it the shipped mappings read ours.
        report: whether the reading's `report` will be asked for; it is there in any case, and sooner if this is known.

    Raises:
        MappingFileError: the mapping file is wrong; every problem, with its line.
        ResourceRefused: no such record is in the resources, or reading it would be wrong or unsafe; every problem.
    """
    given = [resources] if isinstance(resources, dict) else list(resources)
    check_shapes(given)
    wanted = record_type if isinstance(record_type, str) or record_type is None else kind_of(record_type)
    for able in in_force(fhir, overlays, mapping):
        if wanted is not None and able.kind != wanted:
            continue
        if (anchor := anchored(able, given)) is not None:
            index = Index((("", resource) for resource in given), server)
            return read(able, given, anchor, index, plain(known), server, report=report)
    found = ", ".join(sorted({str(r.get("resourceType")) for r in given})) or "nothing"
    hint = _TO_BE_READ if mapping is None else "the mapping's `anchors` and the constants that recognise say what can"
    raise ResourceRefused(Problem(f"no {wanted or 'record'} can be read from {found}", rule="recognition", hint=hint))


def in_force(
    fhir: str, overlays: Sequence[str] = (), mapping: str | PathLike[str] | None = None
) -> tuple[Mapping, ...]:
    """The mapping of that file; or, without one, those that are shipped."""
    if mapping is not None:
        return (compiled(fspath(mapping), fhir, tuple(overlays)),)
    return all_compiled(fhir, tuple(overlays))


def kind_of(model: type[Record]) -> str:
    """The kind of record that a class is."""
    return next(kind for kind, known in RECORDS.items() if known is model)


def check_shapes(resources: Sequence[Any]) -> None:
    """Refuse what is no resource at all."""
    bad = [i for i, r in enumerate(resources) if not isinstance(r, dict) or not isinstance(r.get("resourceType"), str)]
    if bad:
        raise ResourceRefused(
            [Problem("not a FHIR resource: `resourceType` is missing", f"[{i}]", "recognition") for i in bad]
        )


def plain(known: Names[str, Key] | None) -> dict[str, dict[str, str]]:
    """Keys by reference, as rules see them."""
    return {reference: key.model_dump() for reference, key in (known or {}).items()}


def read(
    mapping: Mapping,
    resources: list[Json],
    anchor: Json,
    index: Index,
    known: dict[str, dict[str, str]],
    server: str,
    *,
    report: bool = False,
) -> Reading:
    """Read the record that a resource anchors.

    Raises:
        ResourceRefused: with every problem found.
    """

    def run(*, tracing: bool) -> tuple[Context, dict[str, Any]]:
        ctx = Context(mapping.version, resources, index, known, server, claims=Claims() if tracing else None)
        scope = resolve(mapping, ctx, anchor)
        data = mapping.shape.read(scope)
        if tracing:
            for via in mapping.vias:
                ctx.rule = via.name
                via.read(scope)
            ctx.rule = ""
            for path, _ in mapping.refuses:
                if scope.nodes.get(path.role) is not None:
                    path.claim(scope, "constant")
        return ctx, data

    def again() -> Claims:
        return run(tracing=True)[0].claims or Claims()

    try:
        ctx = Context(mapping.version, resources, index, known, server, claims=Claims() if report else None)
        return _quickly(mapping, ctx, anchor, again)
    except (Unusual, Unfit):
        # The rules themselves say what is wrong, or that nothing is.
        ctx, data = run(tracing=False)
    used = _used(ctx)
    problems = ctx.problems + [p for resource in used for p in unsafe(resource, KNOWN_MODIFIERS)]
    problems += read_as_typed(mapping.sayable, data)
    data.update(mapping.when)
    return _reading(_validated(mapping, data, problems), ctx, used, again)


def _quickly(mapping: Mapping, ctx: Context, anchor: Json, again: Callable[[], Claims]) -> Reading:
    """Read it in straight lines.

    Raises:
        Unusual: there may be something to tell about it.
        Unfit: there is.
    """
    scope, data, used = quickly(mapping, ctx, anchor)
    record, claims = mapping.model.load(data), ctx.claims
    if claims is not None:
        return _reading(record, ctx, used, lambda: claims)
    return _reading(record, ctx, used, lambda: _traced(mapping, scope) or again())


def _traced(mapping: Mapping, scope: Scope) -> Claims | None:
    """What became of each scalar of what was read in straight lines; None where the rules themselves have to say."""
    scope.ctx.claims = Claims()
    try:
        _straight(mapping, scope)
    except (Unusual, Misfit):
        return None
    return scope.ctx.claims


def _straight(mapping: Mapping, scope: Scope) -> dict[str, Any]:
    if scope.ctx.claims is None:
        return mapping.straight.read(scope)
    data = mapping.straight.trace(scope)
    for via in mapping.vias:
        scope.ctx.rule = via.name
        via.read(scope)
    return data


def quickly(mapping: Mapping, ctx: Context, anchor: Json) -> tuple[Scope, dict[str, Any], list[Json]]:
    """What the rules read, by straight lines, not yet checked by the model; the resources that were read, in order.

    Raises:
        Unusual: there may be something to tell about it.
    """
    if not mapping.model.ours:
        raise Unusual
    scope = resolve(mapping, ctx, anchor)
    try:
        data = _straight(mapping, scope)
    except Misfit:
        raise Unusual from None
    used = _used(ctx)
    problems = [*ctx.problems, *ctx.remarks, *read_as_typed(mapping.sayable, data)]
    if problems or suspicious(used):
        raise Unusual
    data.update(mapping.when)
    return scope, data, used


def _used(ctx: Context) -> list[Json]:
    """The resources that were read, in order; a contained one has a role too, but is no resource by itself."""
    used = [(place, r) for r in ctx.players if (place := ctx.index.place(r)) is not None]
    return [resource for _, resource in sorted(used, key=itemgetter(0))]


def _reading(record: Any, ctx: Context, used: list[Json], again: Callable[[], Claims]) -> Reading:
    roles = tuple(ctx.roles[id(resource)] for resource in used)
    return Reading(record, tuple(used), roles, tuple(ctx.remarks), again)


def _validated(mapping: Mapping, data: dict[str, Any], problems: list[Problem]) -> Any:
    try:
        record = mapping.model.load(data)
    except Unfit as error:
        problems = problems + [_problem(mapping, *each) for each in error.errors]
        raise ResourceRefused(problems) from None
    if problems:
        raise ResourceRefused(problems)
    return record


def _problem(mapping: Mapping, way: tuple[Any, ...], message: str) -> Problem:
    rules: Any = mapping.shape.rules
    rule = None
    for name in way:
        if isinstance(name, str) and isinstance(rules, dict) and name in rules:
            rule = rules[name]
            inner = (
                rule.shape if isinstance(rule, Group) else getattr(rule, "shape", None) or getattr(rule, "each", None)
            )
            rules = getattr(inner, "rules", rules)
    what = message.removeprefix("Value error, ")
    path = next((p.text for p in rule.places()), "") if rule is not None else ""
    field_path = ".".join(str(part) for part in way)
    return Problem(f"{what} [{field_path}]", path, rule.name if rule is not None else mapping.name)
