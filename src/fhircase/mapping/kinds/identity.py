"""`key`, `id` and `element_id`: who a record is, and who an item is inside it.

A record's identifier is `{namespace}/{kind}` | value, an item's `{namespace}/{item kind}` | value`:`id; an item id
holds no colon, so no two can collide. A record without such an identifier is known by server and id, and that key is
never written as an identifier.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fhircase.fhir.jsontext import Json
from fhircase.mapping.context import Scope, urn
from fhircase.mapping.grammar import SpecError, near
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule, alike
from fhircase.mapping.kinds.wellformed import says
from fhircase.mapping.models.fitting import text
from fhircase.mapping.path import Path
from fhircase.model import RECORDS

SERVER = "server:"
ITEM_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


class RecordKey(Rule):
    """The record's business identifier on its resources."""

    called = "key of the record"

    def __init__(self, paths: Sequence[Path], kind: str, label: tuple[str, str] | None = None) -> None:
        self.paths = paths
        self.kind = kind
        self.label = label
        """The type of the identifier (system, code), for guides that ask for one."""

    def places(self) -> Sequence[Path]:
        """The lists of identifiers it is kept in."""
        return self.paths

    def read(self, scope: Scope) -> dict[str, str]:
        """The key; the server's id of the first resource when there is no identifier of ours."""
        key = self.identity(scope)
        self.account(scope, key)
        return key

    def identity(self, scope: Scope) -> dict[str, str]:
        """The key that the resources say; nothing is accounted for."""
        for path in self.paths:
            if not path.present(scope):
                continue
            for identifier in _identifiers(scope, path):
                system, value = str(identifier.get("system", "")), identifier.get("value")
                namespace = self._namespace(system)
                if says("uri", namespace) and isinstance(value, str) and says("string", value):
                    return {"kind": self.kind, "namespace": namespace, "value": value}
        return self.by_server(scope)

    def _namespace(self, system: str) -> str:
        """The namespace of a key whose identifier has that system; empty where it is not of this kind."""
        namespace = system.removesuffix(f"/{self.kind}")
        return "" if namespace == system else namespace

    def _system(self, key: dict[str, str]) -> str:
        """The system of a key's identifier."""
        return f"{key['namespace']}/{key['kind']}"

    def of(self, value: Any) -> dict[str, str]:
        """The key, of what the record holds as its key."""
        key: dict[str, str] = value
        return key

    def account(self, scope: Scope, key: dict[str, str]) -> None:
        """Say what became of the identifiers that say the key."""
        if scope.ctx.claims is None:
            return
        system, value = self._system(key), key["value"]
        for path in self.paths:
            for identifier in _identifiers(scope, path) if path.present(scope) else ():
                if identifier.get("system") == system and identifier.get("value") == value:
                    scope.ctx.claim(identifier, "system", "carried")
                    scope.ctx.claim(identifier, "value", "carried")
                    if self.label is not None:
                        scope.ctx.claim_coding(identifier.get("type"), *self.label)

    def by_server(self, scope: Scope) -> dict[str, str]:
        """The key by which the server, or whoever knows it there, has the record."""
        references = [ref for path in self.paths if (ref := self._reference(scope, path.role))]
        for reference in references:
            if known := scope.ctx.known.get(reference):
                return known
        return {"kind": self.kind, "namespace": f"{SERVER}{scope.ctx.server}", "value": references[0]}

    def _reference(self, scope: Scope, role: str) -> str | None:
        """How the server refers to a resource; one that has an id for the time being has none there."""
        node = scope.nodes[role]
        if node is None:
            return None
        unidentified = f"{node['resourceType']}/unidentified"
        temporary = urn(self.kind, f"{SERVER}{scope.ctx.server}", unidentified, role)
        return unidentified if node.get("id", temporary) == temporary else f"{node['resourceType']}/{node['id']}"

    def says(self) -> Json:
        """What the identifier says besides system and value."""
        if self.label is None:
            return {}
        return {"type": {"coding": [{"system": self.label[0], "code": self.label[1]}]}}

    def write(self, scope: Scope, value: Any) -> None:
        """Put the identifier on every resource that is there and lacks it."""
        if value["namespace"].startswith(SERVER):
            self._keep_server_id(scope, value)
            return
        there = [path for path in self.paths if path.present(scope)]
        if scope.ctx.scratch:
            for path in there:
                self._add(scope, path, value)
            return
        changed = not alike(self.identity(scope), value)
        for path in there:
            if changed or path.fresh(scope):
                self._identify(scope, path, value)

    def _identify(self, scope: Scope, path: Path, key: dict[str, str]) -> None:
        old = self.identity(scope)
        for identifier in _identifiers(scope, path):
            if identifier.get("system") == self._system(old) and identifier.get("value") == old["value"]:
                identifier.update(system=self._system(key), value=key["value"])
                path.touch(scope)
                return
        self._add(scope, path, key)

    def _add(self, scope: Scope, path: Path, key: dict[str, str]) -> None:
        _append(scope, path, {**self.says(), "system": self._system(key), "value": key["value"]})

    def _keep_server_id(self, scope: Scope, key: dict[str, str]) -> None:
        path = next((p for p in self.paths if p.present(scope)), self.paths[0])
        kind, _, id_ = key["value"].partition("/")
        resource = scope.nodes.get(path.role)
        if resource is not None and path.fresh(scope) and resource["resourceType"] == kind and ITEM_ID.fullmatch(id_):
            resource["id"] = id_


class OwnKey(RecordKey):
    """The number that a record of somebody else's is known by, as an identifier of a system of theirs."""

    def __init__(self, paths: Sequence[Path], system: str, kind: str, label: tuple[str, str] | None = None) -> None:
        super().__init__(paths, kind, label)
        self.system = system

    def _namespace(self, system: str) -> str:
        return system if system == self.system else ""

    def _system(self, key: dict[str, str]) -> str:
        return key["namespace"]

    def of(self, value: Any) -> dict[str, str]:
        """The key of a record with that number."""
        return {"kind": self.kind, "namespace": self.system, "value": text(value)}

    def read(self, scope: Scope) -> Any:
        """The number; none where the resources have none of that system."""
        key = super().read(scope)
        return None if key["namespace"].startswith(SERVER) else key["value"]

    def write(self, scope: Scope, value: Any) -> None:
        """Put the identifier on every resource that is there and lacks it."""
        if value is not None:
            super().write(scope, self.of(value))


def _identifiers(scope: Scope, path: Path) -> list[Json]:
    """A resource's identifiers; some types have room for one only."""
    found = path.array(scope) if path.steps[-1].many else [path.get(scope)]
    return [each for each in found if isinstance(each, dict)]


def _append(scope: Scope, path: Path, identifier: Json) -> None:
    name, node = path.steps[-1], scope.nodes.get(path.role) if len(path.steps) == 1 else None
    if node is None:
        node = path.holder(scope)
    if name.many:
        node.setdefault(name.name, []).append(identifier)
    else:
        node[name.name] = identifier
    path.touch(scope)


class ItemKey(Rule):
    """The id of an item that is a resource of its own."""

    called = "id of the item"

    def __init__(self, path: Path, kind: str, system: str = "") -> None:
        self.path = path
        self.kind = kind
        self.system = system
        """The system of the identifiers, where it is not made of the record's namespace and the kind."""

    def places(self) -> Sequence[Path]:
        """The list of identifiers it is kept in."""
        return (self.path,)

    def read(self, scope: Scope) -> str | None:
        """The id from our identifier; else the resource's own id."""
        system, prefix = self._mark(scope)
        for identifier in _identifiers(scope, self.path):
            value = identifier.get("value")
            if (
                identifier.get("system") == system
                and isinstance(value, str)
                and value.startswith(prefix)
                and self._fits(value.removeprefix(prefix))
            ):
                for name in ("system", "value"):
                    scope.ctx.claim(identifier, name, "carried")
                return value.removeprefix(prefix)
        resource = scope.nodes[self.path.role]
        own = resource.get("id") if resource else None
        return own if isinstance(own, str) and ITEM_ID.fullmatch(own) else None

    def _fits(self, item: str) -> bool:
        """Whether it can be an item's id; a system of somebody's own numbers items as they wish."""
        return bool(self.system and item) or ITEM_ID.fullmatch(item) is not None

    def write(self, scope: Scope, value: Any) -> None:
        """Put the identifier on, when the resource is not known by this id already."""
        if not scope.ctx.scratch and self.read(scope) == text(value):
            return
        system, prefix = self._mark(scope)
        _append(scope, self.path, {"system": system, "value": prefix + text(value)})

    def known(self, scope: Scope, kind: str, item: str) -> Json | None:
        """The resource at hand that has our identifier for an item, though nothing of the record leads to it."""
        system, prefix = self._mark(scope)
        return scope.ctx.index.identified(kind, system, prefix + item)

    def _mark(self, scope: Scope) -> tuple[str, str]:
        key = scope.ctx.key
        around = scope.part.rpartition(":")[0]
        system = self.system or f"{key['namespace']}/{self.kind}"
        return system, ":".join(filter(None, [key["value"], around])) + ":"


class ElementId(Rule):
    """The id of an item that is an element: FHIR's own element id; else its position in the list."""

    called = "id of the item"

    def __init__(self, path: Path, prefix: str) -> None:
        self.path = path
        self.prefix = prefix

    def places(self) -> Sequence[Path]:
        """The one place."""
        return (self.path,)

    def read(self, scope: Scope) -> str | None:
        """The element's id, or one made of its position."""
        array, index = scope.here
        value = self.path.get(scope)
        if isinstance(value, str) and ITEM_ID.fullmatch(value) and value not in _ids(array[:index]):
            self.path.claim(scope, "carried")
            return value
        name, taken = f"{self.prefix}-{index + 1}", _ids(array)
        while name in taken:
            name = f"{name}.{index + 1}"[-64:]
        return name

    def write(self, scope: Scope, value: Any) -> None:
        """Say the id where the position does not."""
        wanted = text(value)
        if self.read(scope) != wanted:
            self.path.put(scope, wanted)


def _ids(elements: Sequence[Any]) -> set[Any]:
    return {element["id"] for element in elements if isinstance(element, dict) and isinstance(element.get("id"), str)}


def _key(place: Place, spec: Mapping[str, Any]) -> Rule:
    label = place.words.code(spec["type"]) if "type" in spec else None
    keys = spec["key"] if isinstance(spec["key"], list) else [spec["key"]]
    paths = [place.path(each) for each in keys]
    for path in paths:
        if path.type != "Identifier":
            raise SpecError(f"`{path.text}` is a {path.type}, no Identifier")
    if "system" in spec:
        return OwnKey(paths, place.system(spec["system"]), place.builder.name, label)
    if "kind" not in spec:
        raise SpecError("`key` needs `kind:`, the kind of record, or `system:`, the URI of a number of theirs")
    if spec["kind"] not in RECORDS:
        raise SpecError(f"no record is called `{spec['kind']}`{near(spec['kind'], RECORDS)}")
    return RecordKey(paths, spec["kind"], label)


def _id(place: Place, spec: Mapping[str, Any]) -> Rule:
    if "kind" not in spec and "system" not in spec:
        raise SpecError("`id` needs `kind:`, the kind of item, or `system:`, the URI of a number of theirs")
    system = place.system(spec["system"]) if "system" in spec else ""
    return ItemKey(place.path(spec["id"]), spec.get("kind", ""), system)


KINDS = (
    Kind("key", {"key": "text|texts", "kind": "text?", "system": "text?", "type": "text?"}, _key),
    Kind("id", {"id": "text", "kind": "text?", "system": "text?"}, _id),
    Kind(
        "element_id",
        {"element_id": "text", "prefix": "text"},
        lambda place, spec: ElementId(place.path(spec["element_id"]), spec["prefix"]),
    ),
)
