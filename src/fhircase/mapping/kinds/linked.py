"""`linked`: items that are somebody else's resources: read in full where they are at hand, else known as links.

What a record says of them is written only where they are made for the first time, as a mapping's `linked: true` role
is; the exchange sends none of it, and looks for the resource by its identifiers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fhircase.fhir.jsontext import Json
from fhircase.mapping.context import Scope
from fhircase.mapping.grammar import SpecError
from fhircase.mapping.kinds.identity import ElementId
from fhircase.mapping.kinds.link import LinkRule, address
from fhircase.mapping.kinds.listing import Listing
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Shape
from fhircase.mapping.path import Path


class Linked(Listing):
    """A list of references, each item what it leads to, or the link itself."""

    called = "resources of others"

    def __init__(self, path: Path, each: Shape, role: str, kind: str) -> None:
        super().__init__(path, each, ("id",))
        self.role = role
        self.kind = kind
        self.shape = each
        self.bare = Shape({name: each.rules[name] for name in ("id", "link")})
        """What is written of an item that is only a link."""

    def _standing(self, scope: Scope, array: list[Any], index: int, item: str = "") -> Scope:
        """A scope in which the role is the resource that an element leads to, if that is at hand."""
        ctx, element = scope.ctx, array[index]
        resource = ctx.find(element, scope.nodes[self.path.role]) if isinstance(element, dict) else None
        if resource is not None and resource.get("resourceType") != self.kind:
            resource = None
        part = item or str(self.shape.rules["id"].read(scope.inner((array, index))))
        inner = Scope(ctx, {**scope.nodes, self.role: resource}, (array, index), scope.types, part, resource)
        if resource is not None:
            ctx.cast(resource, f"{self.role}:{part}")
            ctx.claim(element, "reference", "normalised")
            ctx.claim(element, "type", "constant")
            _claim_repeated(scope, element.get("identifier"), resource)
            ctx.claim(resource, "resourceType", "constant")
            ctx.claim(resource, "id", "constant")
        return inner

    def _read_one(self, scope: Scope, array: list[Any], index: int) -> Any:
        return self.shape.read(self._standing(scope, array, index))

    def _write_one(self, scope: Scope, array: list[Any], index: int, item: Any) -> None:
        inner = self._standing(scope, array, index, item["id"])
        if "link" in item:
            self.bare.write(inner, item)
            return
        if inner.nodes[self.role] is None:
            made = inner.nodes[self.role] = inner.create(self.role, self.kind)
            _lead(array[index], address(scope.ctx, made), item.get("identifiers", ()))
        self.shape.write(inner, item)

    def _write_anew(self, scope: Scope, items: Sequence[Any]) -> None:
        array = self.path.holder(scope).setdefault(self.step.name, [])
        for item in items:
            array.append(self.made(scope))
            self._write_one(scope, array, len(array) - 1, item)


def _claim_repeated(scope: Scope, identifier: Any, resource: Json) -> None:
    """A reference says by which identifier the resource is found, which the resource says itself."""
    named = ("system", "value")
    own = resource.get("identifier")
    if isinstance(identifier, dict) and any(
        isinstance(each, dict) and all(each.get(name) == identifier.get(name) for name in named)
        for each in (own if isinstance(own, list) else ())
    ):
        for name in named:
            scope.ctx.claim(identifier, name, "normalised")


def _lead(element: Json, reference: Json, identifiers: Sequence[Any]) -> None:
    """Let a reference lead to a resource, which others find by its first whole identifier."""
    for name in ("reference", "_reference", "identifier", "display", "_display"):
        element.pop(name, None)
    element.update(reference)
    for each in identifiers:
        if each.get("system") and each.get("value"):
            element["identifier"] = {"system": each["system"], "value": each["value"]}
            return


def _linked(place: Place, spec: Mapping[str, Any]) -> Linked:
    path = place.array(spec["linked"])
    if len(spec["resource"]) != 1:
        raise SpecError("a list of resources says `resource: {role: type}`")
    ((role, kind),) = spec["resource"].items()
    kind = place.resource(kind)
    place.builder.roles[role] = kind
    place.builder.linked.add(role)
    each = place.shape(spec["each"], {**place.roles, role: kind}, path.inside)
    if not isinstance(each.rules.get("id"), ElementId) or not isinstance(each.rules.get("link"), LinkRule):
        raise SpecError("items need the rules `id: {element_id: .id, prefix: ...}` and `link: {link: ., unless: role}`")
    return Linked(path, each, role, kind)


KINDS = (Kind("linked", {"linked": "text", "resource": "map", "each": "rules"}, _linked),)
