"""`link`: another record or party, as a FHIR Reference.

One of our records is known by its business identifier in `Reference.identifier`, which survives on every server;
`reference` beside it is how one server reaches it, and is resolved by the exchange.
Source: https://hl7.org/fhir/R4/references.html#logical
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from fhircase.fhir.jsontext import Json
from fhircase.mapping.context import Context, Misfit, Scope, urn
from fhircase.mapping.grammar import SpecError
from fhircase.mapping.kinds.mirrored import everywhere
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule, Shape, alike
from fhircase.mapping.kinds.wellformed import says
from fhircase.mapping.path import Path
from fhircase.model import RECORDS, Link


class LinkRule(Rule):
    """A Reference at one place."""

    called = "link"

    def __init__(self, path: Path, identifier: Shape, *, role: str = "", kind: str = "", unless: str = "") -> None:
        self.path = path
        self.identifier = identifier
        self.role = role
        """Which resource of our record is meant, when the link is to one of ours."""
        self.kind = kind
        """What kind of resource is meant, where the place allows several; written as `Reference.type`."""
        self.unless = unless
        """A role that the reference leads to; only when that resource is not there, the link itself is the value."""

    def places(self) -> Sequence[Path]:
        """The one place."""
        return (self.path,)

    def idle(self) -> bool:
        """Unless FHIR requires a value."""
        return not self.path.required

    def value_type(self) -> Any:
        """A link."""
        return Link

    def read(self, scope: Scope) -> Any:
        """The link, known by the strongest thing the Reference says."""
        node = self.path.get(scope)
        if node is None or (self.unless and scope.nodes.get(self.unless) is not None):
            return None
        if not isinstance(node, dict):
            raise Misfit(f"a Reference was expected at `{self.path.text}`")
        if scope.ctx.claims is not None:
            self.path.claim_unknown(scope)
            self.path.claim_way(scope)
        return self._read(scope, node) or None

    def _read(self, scope: Scope, node: Json) -> dict[str, Any]:
        ctx = scope.ctx
        key = record_key(node.get("identifier")) or ctx.known.get(str(node.get("reference")))
        data = self._ours(ctx, node, key) if key else self._foreign(scope, node)
        if _says(node.get("display"), "string"):
            data["display"] = node["display"]
            ctx.claim(node, "display", "carried")
        if self.kind and node.get("type") == self.kind:
            ctx.claim(node, "type", "constant")
        return data

    def _ours(self, ctx: Context, node: Json, key: dict[str, str]) -> dict[str, Any]:
        ctx.claim(node, "reference", "normalised")
        for name in ("system", "value") if record_key(node.get("identifier")) else ():
            ctx.claim(node["identifier"], name, "carried")
        return {"record": key}

    def _foreign(self, scope: Scope, node: Json) -> dict[str, Any]:
        data: dict[str, Any] = {}
        reference, identifier = node.get("reference"), node.get("identifier")
        if isinstance(identifier, dict) and _says(identifier.get("value"), "string"):
            data["identifier"] = self.identifier.read(scope.inner((node, "identifier"), scope.root))
        if _says(reference, "uri"):
            known_better = "system" in data.get("identifier", {})
            if not known_better:
                data["reference"] = reference
            scope.ctx.claim(node, "reference", "normalised" if known_better else "carried")
        return data

    def write(self, scope: Scope, value: Any) -> None:
        """Point to somebody else only when the link changed; what a server made of `reference` stays."""
        if scope.ctx.scratch and value is not None:
            self._point(scope, self.path.node(scope), value)
            return
        current = self.read(scope) if self.path.present(scope) else None
        if value is None:
            if current is not None:
                self.path.drop(scope)
            elif self.path.fresh(scope) and not (self.unless and scope.nodes.get(self.unless)):
                self.path.mark_unknown(scope)
            return
        if alike(current, value):
            return
        if self.unless:
            scope.nodes[self.unless] = None
        node = self.path.node(scope)
        self.path.touch(scope)
        if not _same_target(current, value):
            for name in ("reference", "_reference", "identifier", "type", "_type"):
                node.pop(name, None)
            self._point(scope, node, value)
        _set(node, "display", value.get("display"))

    def _point(self, scope: Scope, node: Json, value: dict[str, Any]) -> None:
        node.update(target(value, self.role, self.identifier, scope))
        if self.kind:
            node["type"] = self.kind
        if "display" in value:
            node["display"] = value["display"]


def _says(value: Any, kind: str) -> TypeGuard[str]:
    return isinstance(value, str) and says(kind, value)


def _same_target(current: Any, value: Any) -> bool:
    return current is not None and all(
        alike(current.get(name), value.get(name)) for name in ("record", "identifier", "reference")
    )


def _set(node: Json, name: str, value: Any) -> None:
    if node.get(name) == value:
        return
    node.pop(f"_{name}", None)
    if value is None:
        node.pop(name, None)
    else:
        node[name] = value


def target(link: dict[str, Any], role: str, identifier: Shape, scope: Scope) -> Json:
    """The parts of a Reference that say whom a link means."""
    if key := link.get("record"):
        found = {"identifier": {"system": f"{key['namespace']}/{key['kind']}", "value": key["value"]}}
        if role:
            found["reference"] = f"urn:uuid:{urn(key['kind'], key['namespace'], key['value'], role)}"  # type: ignore[assignment]
        return dict(sorted(found.items(), reverse=True))
    node: Json = {}
    if "reference" in link:
        node["reference"] = link["reference"]
    if "identifier" in link:
        node["identifier"] = {}
        identifier.write(scope.inner((node, "identifier")), link["identifier"])
    return node


def record_key(identifier: Any) -> dict[str, str] | None:
    """The key that a business identifier of ours says, or None when it is nobody's of ours."""
    if not isinstance(identifier, dict):
        return None
    system, value = identifier.get("system"), identifier.get("value")
    if _says(system, "uri") and _says(value, "string"):
        namespace, _, kind = system.rpartition("/")
        if namespace and kind in RECORDS:
            return {"kind": kind, "namespace": namespace, "value": value}
    return None


def address(ctx: Context, resource: Json) -> Json:
    """A Reference to a resource of this very record."""
    role = ctx.roles.get(id(resource), "")
    temporary = urn(ctx.key["kind"], ctx.key["namespace"], ctx.key["value"], role)
    # One without an id could not be found by any reference.
    if resource.setdefault("id", temporary) == temporary:
        return {"reference": f"urn:uuid:{temporary}"}
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}


def _link(place: Place, spec: Mapping[str, Any]) -> Rule:
    identifier = place.builder.type_shape("identifier")

    def one(text: str) -> Rule:
        path = place.path(text)
        if path.type != "Reference":
            raise SpecError(f"`{text}` is a {path.type}, no Reference")
        return LinkRule(
            path,
            identifier,
            role=spec.get("role", ""),
            kind=place.resource(spec["type"]) if "type" in spec else "",
            unless=place.role(spec["unless"]) if "unless" in spec else "",
        )

    return everywhere(spec["link"], one)


KINDS = (Kind("link", {"link": "text|texts", "role": "text?", "type": "text?", "unless": "text?"}, _link),)
