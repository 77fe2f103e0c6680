"""Which of the resources at hand plays which role of a record."""

from collections.abc import Mapping as Names
from operator import itemgetter

from fhircase.errors import Problem
from fhircase.fhir import jsontext
from fhircase.fhir.jsontext import Json
from fhircase.mapping.compiled import Mapping
from fhircase.mapping.context import Context, Misfit, Scope
from fhircase.mapping.kinds.related import Via
from fhircase.mapping.kinds.rule import NOT_FHIR


def resolve(mapping: Mapping, ctx: Context, anchor: Json | None) -> Scope:
    """A scope in which the record's own resources have their roles; those of items are found by their rules."""
    scope = mapping.scope(ctx)
    if anchor is not None:
        role = mapping.role(anchor)
        scope.nodes[role] = anchor
        ctx.cast(anchor, role)
    for _ in mapping.vias:
        for via in mapping.vias:
            _follow(via, scope)
    if anchor is not None:
        ctx.key = _key(mapping, scope)
    return scope


def _follow(via: Via, scope: Scope) -> None:
    try:
        via.resolve(scope)
    except Misfit as misfit:
        problem = Problem(str(misfit), next(path.text for path in via.paths), via.name, NOT_FHIR)
        if problem not in scope.ctx.problems:
            scope.ctx.problems.append(problem)


def _key(mapping: Mapping, scope: Scope) -> dict[str, str]:
    """The record's key; where the identifiers are no FHIR, which is told when they are read, by the server's id."""
    rule = mapping.key_rule()
    scope.ctx.rule = rule.name
    try:
        return rule.identity(scope)
    except Misfit:
        return rule.by_server(scope)


def anchored(mapping: Mapping, resources: list[Json]) -> Json | None:
    """The first resource that anchors a record; by an earlier role rather: a case's task before its episode."""
    able = _able(mapping, resources)
    return able[0] if able else None


def anchored_by_key(mapping: Mapping, resources: list[Json], key: Names[str, str], ctx: Context) -> Json | None:
    """The resource that anchors the record with a key; where none does, as `anchored`."""
    able = _able(mapping, resources)
    for resource in able:
        # Any resource of the record may be the one that has its identifier.
        trial = Context(ctx.version, ctx.resources, ctx.index, ctx.known, ctx.server)
        resolve(mapping, trial, resource)
        if trial.key == key:
            return resource
    return able[0] if able else None


def _able(mapping: Mapping, resources: list[Json]) -> list[Json]:
    """The resources that can anchor a record, those of earlier roles first."""
    able = [(mapping.anchors.index(role), r) for r in resources if (role := mapping.anchor(r))]
    if len(able) > 1:
        able.sort(key=itemgetter(0))
    return [resource for _, resource in able]


def unsafe(resource: Json, known: frozenset[str]) -> list[Problem]:
    """What in a resource changes its meaning in a way nobody here knows.

    Source: https://hl7.org/fhir/R4/extensibility.html#modifierExtension
    """
    problems: list[Problem] = []
    kind = str(resource.get("resourceType", ""))
    if resource.get("implicitRules"):
        problems.append(
            Problem(
                "implicit rules that are not known here",
                f"{kind}.implicitRules",
                "safety",
                "reading it without knowing them would be unsafe",
            )
        )
    _scan(resource, kind, known, problems)
    return problems


def suspicious(resources: list[Json]) -> bool:
    """Whether `unsafe` might find something in one of them: a quick look that is never wrong when it says no."""
    try:
        implicit = any(resource.get("implicitRules") for resource in resources)
        return implicit or b'"modifierExtension"' in jsontext.encode(resources)
    except (TypeError, ValueError, RecursionError):
        return True


def _scan(node: object, path: str, known: frozenset[str], problems: list[Problem]) -> None:
    if isinstance(node, list):
        for index, item in enumerate(node):
            if isinstance(item, dict | list):
                _scan(item, f"{path}[{index}]", known, problems)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name == "modifierExtension":
                for extension in value if isinstance(value, list) else ():
                    url = extension.get("url") if isinstance(extension, dict) else None
                    if not isinstance(url, str) or url not in known:
                        what = f"modifier extension `{url}` is not known and changes what the resource means"
                        hint = "map it in an overlay, or do not read this resource"
                        problems.append(Problem(what, f"{path}.modifierExtension", "safety", hint))
            elif isinstance(value, dict | list):
                _scan(value, f"{path}.{name}", known, problems)
