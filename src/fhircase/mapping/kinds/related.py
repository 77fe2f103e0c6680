"""Items that are resources of their own, and single resources that a reference leads to.

`list: plan.goal, resource: {goal: Goal}` follows references; `list: {reverse: task.focus, ...}` finds the resources
that refer to ours. An item that is removed is unlinked and told so (`removed:`); nothing is ever deleted.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any, ClassVar

from fhircase.fhir.jsontext import Json
from fhircase.mapping.context import Misfit, Scope
from fhircase.mapping.grammar import SpecError
from fhircase.mapping.kinds.constant import Constant, recognising
from fhircase.mapping.kinds.identity import ItemKey
from fhircase.mapping.kinds.link import address
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.models.fitting import text
from fhircase.mapping.path import Path
from fhircase.mapping.pathtext import parse


class Via(Rule):
    """A single resource of the record that references from others lead to."""

    called = "found by reference"
    carries: ClassVar[bool] = False

    def __init__(self, role: str, kind: str, paths: Sequence[Path]) -> None:
        self.role = role
        self.kind = kind
        self.paths = paths

    def places(self) -> Sequence[Path]:
        """The references that lead there."""
        return self.paths

    def resolve(self, scope: Scope) -> None:
        """Find the resource among those at hand."""
        for path in self.paths:
            if scope.nodes[self.role] is None and path.present(scope):
                found = scope.ctx.find(path.get(scope), scope.nodes[path.role])
                if found is not None and found.get("resourceType") == self.kind:
                    scope.nodes[self.role] = found
                    scope.ctx.cast(found, self.role)

    def read(self, scope: Scope) -> None:
        """Nothing for the model; the references that lead there are accounted for."""
        resource = scope.nodes[self.role]
        if scope.ctx.claims is None or resource is None:
            return
        for name in ("resourceType", "id"):
            scope.ctx.claim(resource, name, "constant")
        for path in self.paths:
            # Another reference may have led there, and this one be no FHIR: then it is left.
            with suppress(Misfit):
                node = path.get(scope) if path.present(scope) else None
                if node is not None and scope.ctx.find(node, scope.nodes[path.role]) is resource:
                    scope.ctx.claim(node, "reference", "normalised")

    def write(self, scope: Scope, value: Any) -> None:
        """As `join`."""
        self.join(scope)

    def join(self, scope: Scope) -> None:
        """Let the references lead there, where the resource or what refers to it was just made."""
        resource = scope.nodes[self.role]
        if resource is None:
            return
        for path in self.paths:
            if not path.present(scope) or not (id(resource) in scope.ctx.fresh or path.fresh(scope)):
                continue
            if scope.ctx.find(path.get(scope), scope.nodes[path.role]) is not resource:
                node = path.node(scope)
                path.touch(scope)
                node.clear()
                node.update(address(scope.ctx, resource))


class Related(Rule):
    """A list of items, each a resource of its own."""

    def __init__(self, role: str, kind: str, shape: Shape, items: str, removed: Sequence[tuple[Path, Any]]) -> None:
        self.role = role
        self.kind = kind
        self.items = items
        self.removed = removed
        self.key, self.id = next((name, rule) for name, rule in shape.rules.items() if isinstance(rule, ItemKey))
        """The field that tells the items apart, and its rule."""
        self.shape = type(shape)({name: rule for name, rule in shape.rules.items() if rule is not self.id})

    @abstractmethod
    def found(self, scope: Scope) -> list[tuple[Scope, Json]]:
        """A scope for each item that is there, and its resource."""

    def entries(self, scope: Scope) -> dict[str, Scope]:
        """Scope by item id, in order; each item's id is distinct."""
        entries: dict[str, Scope] = {}
        for number, (inner, resource) in enumerate(self.found(scope), start=1):
            inner.part = _join(scope.part, "?")
            item = self.id.read(inner) or f"{self.role}-{number}"
            while item in entries:
                item = f"{item}.{number}"[-64:]
            self._register(inner, scope.part, item, resource)
            entries[item] = inner
        return entries

    def _register(self, inner: Scope, around: str, item: str, resource: Json) -> None:
        inner.part = _join(around, item)
        inner.root = resource
        ctx = inner.ctx
        ctx.cast(resource, f"{self.role}:{inner.part}")
        ctx.items[self.items, item] = resource
        ctx.claim(resource, "resourceType", "constant")
        ctx.claim(resource, "id", "constant")
        ctx.item_ids[id(resource)] = (self.items, item)

    def child(self, scope: Scope, resource: Json | None, here: tuple[Any, Any] = ((), 0)) -> Scope:
        """A scope in which the role is that resource."""
        return Scope(scope.ctx, {**scope.nodes, self.role: resource}, here, scope.types, scope.part, resource)

    def fits(self, scope: Scope, resource: Json | None) -> bool:
        """Whether a resource is of the kind meant."""
        if resource is None or resource.get("resourceType") != self.kind:
            return False
        known = resource
        return all(rule.holds_in(known, lambda: self.child(scope, known)) for rule in self._recognising)

    @cached_property
    def _recognising(self) -> list[Constant]:
        return recognising(self.shape)

    def read(self, scope: Scope) -> Any:
        """The items, each with its id."""
        found = [{self.key: item, **self.shape.read(inner)} for item, inner in self.entries(scope).items()]
        return tuple(found) or None

    def write(self, scope: Scope, value: Any) -> None:
        """Change the items that are there, add new ones, unlink those that are gone."""
        if scope.ctx.scratch:
            self._write_anew(scope, value or ())
            return
        wanted = {text(item[self.key]): item for item in value or ()}
        entries = self.entries(scope)
        gone = [known for known in entries if known not in wanted]
        for item in gone:
            self._remove(scope, entries.pop(item))
        order = list(entries)
        for item in wanted:
            if item not in entries:
                entries[item] = self._add(scope, item)
        if gone or order != list(wanted):
            self.arrange(scope, [entries[item] for item in wanted])
        for item, data in wanted.items():
            inner = entries[item]
            if inner.nodes[self.role] is not None and id(inner.nodes[self.role]) in inner.ctx.fresh:
                self.id.write(inner, item)
            self.shape.write(inner, data)

    def _write_anew(self, scope: Scope, items: Sequence[Any]) -> None:
        for item in items:
            self.shape.write(self.add_anew(scope, text(item[self.key])), item)

    def add_anew(self, scope: Scope, item: str) -> Scope:
        """A new item's scope, where all is written anew: its resource is there, has its id and is joined to ours."""
        inner = self._add(scope, item)
        self.id.write(inner, item)
        return inner

    def _add(self, scope: Scope, item: str) -> Scope:
        inner = self.child(scope, None)
        inner.part = _join(scope.part, item)
        # An item that was taken out and comes back is the resource that it was.
        known = None if scope.ctx.scratch else self.id.known(inner, self.kind, item)
        resource = known or inner.create(self.role, self.kind)
        inner.nodes[self.role] = resource
        self._register(inner, scope.part, item, resource)
        self.link(scope, inner, resource)
        return inner

    def _remove(self, scope: Scope, inner: Scope) -> None:
        for path, value in self.removed:
            if value is None:
                path.drop(inner)
            elif path.get(inner) != value:
                path.put(inner, value)
        self.unlink(scope, inner)

    @abstractmethod
    def link(self, scope: Scope, inner: Scope, resource: Json) -> None:
        """Join a new resource to the record."""

    @abstractmethod
    def unlink(self, scope: Scope, inner: Scope) -> None:
        """Take a resource out of the record."""

    def arrange(self, scope: Scope, order: list[Scope]) -> None:
        """Bring the items into the order wanted, where there is an order to be seen."""


def _join(around: str, item: str) -> str:
    return f"{around}:{item}" if around else item


class Forward(Related):
    """Items that a list of references leads to."""

    called = "resources it refers to"

    def __init__(self, path: Path, at: Path, related: tuple[str, str, Shape, str, Sequence[tuple[Path, Any]]]) -> None:
        super().__init__(*related)
        self.path = path
        self.at = at
        """From an element of the list to its Reference."""

    def places(self) -> Sequence[Path]:
        """The list of references."""
        return (self.path,)

    def found(self, scope: Scope) -> list[tuple[Scope, Json]]:
        """The elements whose reference leads to such a resource at hand; a second one to the same adds nothing."""
        pairs: list[tuple[Scope, Json]] = []
        known = set()
        array = self.path.array(scope) if self.path.present(scope) else []
        for index, element in enumerate(array):
            if not isinstance(element, dict) or not self.path.steps[-1].matches(element):
                continue
            reference = element if not self.at.steps else self.at.get(scope.inner((array, index)))
            resource = scope.ctx.find(reference, scope.nodes[self.path.role])
            if resource is not None and self.fits(scope, resource):
                if scope.ctx.claims is not None:
                    scope.ctx.claim(reference, "reference", "normalised")
                    scope.ctx.claim_like(element, self.path.steps[-1].new_item(scope.ctx), "constant")
                if id(resource) not in known:
                    pairs.append((self.child(scope, resource, (array, index)), resource))
                known.add(id(resource))
        return pairs

    def references(self, scope: Scope, inner: Scope) -> list[int]:
        """Where in the list an item's resource is referred to."""
        array, here = inner.here
        root, resource = scope.nodes[self.path.role], inner.nodes[self.role]
        elements = [(at, self.at.get(scope.inner((array, at)))) for at, each in enumerate(array) if each is not None]
        return [at for at, reference in elements if at == here or scope.ctx.find(reference, root) is resource]

    def link(self, scope: Scope, inner: Scope, resource: Json) -> None:
        """Add a reference to it at the end."""
        node, name = self.path.holder(scope), self.path.steps[-1].name
        self.path.touch(scope)
        array = node.setdefault(name, [])
        array.append(self.path.steps[-1].new_item(scope.ctx))
        inner.here = (array, len(array) - 1)
        node = self.at.node(inner) if self.at.steps else array[-1]
        node.update(address(scope.ctx, resource))

    def unlink(self, scope: Scope, inner: Scope) -> None:
        """Take each reference to it out; a contained resource goes with them."""
        self.path.touch(scope)
        root, resource = scope.nodes[self.path.role], inner.nodes[self.role]
        for index in self.references(scope, inner):
            inner.here[0][index] = None
        contained = root.get("contained", []) if root else []
        for at, inside in enumerate(contained):
            if inside is resource:
                del contained[at]
                break
        if root and contained == []:
            root.pop("contained", None)

    def arrange(self, scope: Scope, order: list[Scope]) -> None:
        """Put the references in the order of the items; others stay where they are."""
        array = self.path.array(scope)
        mine = sorted(inner.here[1] for inner in order)
        elements = [inner.here[0][inner.here[1]] for inner in order]
        self.path.touch(scope)
        for index, element, inner in zip(mine, elements, order, strict=True):
            array[index] = element
            inner.here = (array, index)
        gone = [index for index, element in enumerate(array) if element is None]
        for index in reversed(gone):
            del array[index]
        for inner in order:
            inner.here = (array, inner.here[1] - sum(index < inner.here[1] for index in gone))
        if not array:
            self.path.drop_list(scope)


class Reverse(Related):
    """Items that are the resources referring to ours."""

    called = "resources that refer to it"

    def __init__(
        self, back: Path, anchor: str, related: tuple[str, str, Shape, str, Sequence[tuple[Path, Any]]]
    ) -> None:
        super().__init__(*related)
        self.back = back
        self.anchor = anchor

    def places(self) -> Sequence[Path]:
        """The reference back to us."""
        return (self.back,)

    def found(self, scope: Scope) -> list[tuple[Scope, Json]]:
        """All such resources at hand that refer to ours."""
        anchor = scope.nodes[self.anchor]
        if anchor is None:
            return []
        pairs = []
        for resource in scope.ctx.index.referring(self.kind, self.back.steps[0].name, anchor):
            inner = self.child(scope, resource)
            if not self.fits(scope, resource):
                continue
            # Where the path is just the element by which it was found, it leads to ours.
            reference = resource[self.back.plain] if self.back.plain else self.back.get(inner)
            if self.back.plain or scope.ctx.find(reference, resource) is anchor:
                scope.ctx.claim(reference, "reference", "normalised")
                pairs.append((inner, resource))
        return pairs

    def link(self, scope: Scope, inner: Scope, resource: Json) -> None:
        """Let it refer to ours."""
        scope.ensure(self.anchor)
        reference = address(scope.ctx, scope.nodes[self.anchor] or {})
        if scope.ctx.scratch and self.back.plain:
            resource[self.back.plain] = reference
        else:
            self.back.node(inner).update(reference)
        scope.ctx.index.relinked()

    def unlink(self, scope: Scope, inner: Scope) -> None:
        """It refers to nothing any more."""
        self.back.drop(inner)


def forward(place: Place, spec: Mapping[str, Any]) -> Rule:
    """The rule of a list of references, each to an item's resource."""
    path = place.array(spec["list"])
    at = parse(spec.get("at", "."), {}, path.inside, place.words)
    return Forward(path, at, _related(place, spec, path.inside))


def _reverse(place: Place, spec: Mapping[str, Any]) -> Rule:
    related = _related(place, spec, "")
    back = parse(spec["reverse"], {related[0]: related[1]}, "", place.words)
    return Reverse(back, place.role(spec["to"]), related)


def _related(place: Place, spec: Mapping[str, Any], here: str) -> Any:
    if len(spec["resource"]) != 1 or not isinstance(spec.get("each"), Mapping):
        raise SpecError("a list of resources says `resource: {role: type}` and `each: {field: rule}`")
    ((role, kind),) = spec["resource"].items()
    kind = place.resource(kind)
    roles = {**place.roles, role: kind}
    place.builder.roles[role] = kind
    shape = place.shape(spec["each"], roles, here)
    if used := spec.get("use"):
        shape.rules = {**place.builder.borrowed(used, roles, here, place.way), **shape.rules}
    if not any(isinstance(rule, ItemKey) for rule in shape.rules.values()):
        raise SpecError(f"items that are resources need a rule `id: {{id: {role}.identifier, kind: ...}}`")
    words = place.words
    removed = [(parse(str(text), roles, here, words), value) for text, value in spec.get("removed", {}).items()]
    return role, kind, shape, place.way.rpartition(".")[2], removed


KINDS = (
    Kind(
        "reverse",
        {
            "reverse": "text",
            "to": "text",
            "resource": "map",
            "each": "rules",
            "use": "text?",
            "removed": "map?",
        },
        _reverse,
    ),
)
