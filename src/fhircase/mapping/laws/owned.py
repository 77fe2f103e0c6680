"""Resources without the places that a field of the record owns, or that are declared to depend on it."""

from collections.abc import Iterable, Iterator
from typing import Any

from fhircase.fhir import jsontext
from fhircase.fhir.jsontext import Json
from fhircase.mapping.compiled import Mapping
from fhircase.mapping.context import Context, Scope
from fhircase.mapping.index import Index
from fhircase.mapping.kinds.choice import Choice
from fhircase.mapping.kinds.code import Code
from fhircase.mapping.kinds.listing import ContainedListing
from fhircase.mapping.kinds.node import Group
from fhircase.mapping.kinds.related import Forward, Related, Reverse
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.kinds.same import Same
from fhircase.mapping.kinds.tags import Tags
from fhircase.mapping.kinds.verdict import Verdict
from fhircase.mapping.path import Path
from fhircase.mapping.resolve import anchored, resolve
from fhircase.mapping.selector import code_of, codings

Spot = tuple[int, str | None]
"""Which resource, and the id of one that it contains."""


def copies(mapping: Mapping, field: str) -> list[Same]:
    """The rules that repeat elsewhere what the field says."""
    texts = {path.text for path in mapping.shape.rules[field].places()}
    return [
        same
        for same in _rules(mapping.shape)
        if isinstance(same, Same) and texts & {path.text for path in same.sources}
    ]


def dependent(mapping: Mapping, name: str) -> list[Rule]:
    """The rules that say something else, or nothing, by what the field says."""
    every = list(_rules(mapping.shape))
    texts = {path.text for rule in every if rule.name.endswith(f" {name}") for path in rule.places()}
    return [rule for rule in every if _depends(rule, texts)]


def _depends(rule: Rule, texts: set[str]) -> bool:
    if isinstance(rule, Verdict):
        return any(text.startswith(rule.terms.text) for text in texts)
    return isinstance(rule, Code) and bool(texts & {path.text for path, _ in rule.unless})


def _rules(shape: Shape) -> Iterator[Rule]:
    for rule in shape.rules.values():
        yield rule
        if isinstance(rule, Group | Related):
            yield from _rules(rule.shape)


def without(mapping: Mapping, field: str, old: list[Json], new: list[Json]) -> tuple[list[Json], list[Json]]:
    """The old resources, and what they were made into, both without what the field owns."""
    before, after = jsontext.copy(old), jsontext.copy(new[: len(old)])
    cuts = _Cuts(mapping, field, before, new)
    for resources in (before, after):
        cuts.make(resources)
    return before, after


class _Cuts:
    """What to take out of the resources, by the number of each."""

    def __init__(self, mapping: Mapping, field: str, old: list[Json], new: list[Json]) -> None:
        self.mapping = mapping
        self.rule = mapping.shape.rules[field]
        scope = _scope(mapping, old)
        self.roles = {role: at for role, node in scope.nodes.items() if (at := _spot(old, node)) is not None}
        self.items = list(_spots(self.rule, scope, old))
        self.every = [found for each in mapping.shape.rules.values() for found in _spots(each, scope, old)]
        self.copies = copies(mapping, field)
        self.dependent = dependent(mapping, field)
        made = {resource["resourceType"] for resource in new[len(old) :]}
        self.vias = [path for via in mapping.vias if via.kind in made for path in via.paths]

    def make(self, resources: list[Json]) -> None:
        """Take it out."""
        nodes: dict[str, Json | None] = dict.fromkeys(self.mapping.types)
        nodes |= {role: _there(resources, spot) for role, spot in self.roles.items()}
        ctx = Context(self.mapping.version, resources, Index(("", resource) for resource in resources))
        scope = Scope(ctx, nodes, types=self.mapping.types)
        for rule, spot in self.items:
            inner = Scope(ctx, {**nodes, rule.role: _there(resources, spot)}, types=self.mapping.types)
            for each in (*rule.shape.rules.values(), rule.id):
                _cut(each, inner)
            for path in [*(path for path, _ in rule.removed), *([rule.back] if isinstance(rule, Reverse) else [])]:
                _cut_path(inner, path)
        for rule, spot in self.every if self.copies else ():
            inner = Scope(ctx, {rule.role: _there(resources, spot)}, types=self.mapping.types)
            for copy in self.copies:
                if copy.path.role == rule.role:
                    _cut_path(inner, copy.path)
        for each in (self.rule, *self.dependent):
            _cut(each, scope)
        for path in [*self.vias, *(copy.path for copy in self.copies if copy.path.role in self.roles)]:
            _cut_path(scope, path)


def _scope(mapping: Mapping, resources: list[Json]) -> Scope:
    ctx = Context(mapping.version, resources, Index(("", resource) for resource in resources))
    return resolve(mapping, ctx, anchored(mapping, resources))


def _spot(resources: list[Json], resource: Json | None) -> Spot | None:
    for number, each in enumerate(resources):
        if each is resource:
            return number, None
        if resource is not None and any(inside is resource for inside in each.get("contained", ())):
            return number, resource.get("id")
    return None


def _spots(rule: Rule, scope: Scope, resources: list[Json]) -> Iterator[tuple[Related, Spot]]:
    for each, resource in _items(rule, scope):
        if spot := _spot(resources, resource):
            yield each, spot


def _there(resources: list[Json], spot: Spot) -> Json | None:
    """The resource at that spot; one contained may be gone."""
    number, inside = spot
    if inside is None:
        return resources[number]
    return next((each for each in resources[number].get("contained", ()) if each.get("id") == inside), None)


def _items(rule: Rule, scope: Scope) -> Iterator[tuple[Related, Json]]:
    for each in rule.shape.rules.values() if isinstance(rule, Group) else (rule,):
        if isinstance(each, Related):
            for inner, resource in each.found(scope):
                yield each, resource
                for below in each.shape.rules.values():
                    yield from _items(below, inner)


def _cut(rule: Rule, scope: Scope) -> None:
    if isinstance(rule, Group):
        for inner in rule.shape.rules.values():
            _cut(inner, scope)
    elif isinstance(rule, Forward):
        _cut_items(rule, scope)
    elif isinstance(rule, Choice):
        for _, alternative in rule.alternatives:
            _cut(alternative, scope)
    elif isinstance(rule, ContainedListing):
        _cut_contained(rule, scope)
    elif isinstance(rule, Tags):
        codes = {code for _, several in rule.sets for code in several}
        _keep(scope, rule.path, lambda item: not any(code_of(coding) in codes for coding in codings(item)))
    else:
        resets = rule.resets if isinstance(rule, Code) else ()
        for path in (*rule.places(), *resets):
            _cut_path(scope, path)


def _cut_items(rule: Forward, scope: Scope) -> None:
    """The references to items; a contained one goes, too."""
    node = _holder(scope, rule.path)
    for inner, resource in rule.found(scope) if node is not None else ():
        for index in rule.references(scope, inner):
            inner.here[0][index] = None
        root = scope.nodes[rule.path.role] or {}
        root["contained"] = [each for each in root.get("contained", ()) if each is not resource]
        _tidy(root, "contained")
    if node is not None:
        node[rule.path.steps[-1].name] = [
            item for item in node.get(rule.path.steps[-1].name, ()) if not (item is None or _urn(rule, scope, item))
        ]
        _tidy(node, rule.path.steps[-1].name)


def _urn(rule: Forward, scope: Scope, item: Json) -> bool:
    """Whether it refers to a resource that was just made."""
    reference = rule.at.get(scope.inner(([item], 0)))
    return isinstance(reference, dict) and str(reference.get("reference")).startswith("urn:uuid:")


def _cut_contained(rule: ContainedListing, scope: Scope) -> None:
    if not rule.path.present(scope):
        return
    root, array = scope.base(rule.path.role), rule.path.array(scope)
    for index, element in reversed(list(enumerate(array))):
        if rule.picks(scope, element):
            rule.discard(scope, element)
            del array[index]
    _tidy(root[0][root[1]], rule.path.steps[-1].name)


def _keep(scope: Scope, path: Path, wanted: Any) -> None:
    node = _holder(scope, path)
    if node is not None:
        node[path.steps[-1].name] = [item for item in node.get(path.steps[-1].name, ()) if wanted(item)]
        _tidy(node, path.steps[-1].name)


def _holder(scope: Scope, path: Path) -> Json | None:
    container, key = scope.base(path.role) if path.role else (None, None)
    node = container[key] if container is not None else None
    for step in path.steps[:-1]:
        node = node.get(step.name) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else None


def _tidy(node: Json, name: str) -> None:
    if not node.get(name):
        node.pop(name, None)


def _cut_path(scope: Scope, path: Path) -> None:
    steps = path.steps
    if [step.name for step in steps[-2:]] == ["coding", "code"]:
        # With another code, what said the old one in other words goes.
        steps = steps[:-2]
    if path.role:
        _cut_steps(scope.nodes.get(path.role), steps)


def _cut_steps(node: Any, steps: Iterable[Any]) -> None:
    step, *rest = steps
    if not isinstance(node, dict):
        return
    if not rest:
        for name in (step.name, *step.rivals):
            node.pop(f"_{name}", None)
            if step.many and step.tests and isinstance(node.get(name), list):
                node[name] = [item for item in node[name] if not step.matches(item)]
                _tidy(node, name)
            else:
                node.pop(name, None)
        return
    value = node.get(step.name)
    for item in value if isinstance(value, list) else [value]:
        if not step.many or step.matches(item):
            _cut_steps(item, rest)
    if isinstance(value, list):
        node[step.name] = [item for item in value if not (step.matches(item) and step.is_bare(item))]
        _tidy(node, step.name)
    elif not value:
        node.pop(step.name, None)
