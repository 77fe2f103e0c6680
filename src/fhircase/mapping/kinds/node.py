"""A named type (`concept: goal.description`) is an object at a place; a `group` is one without a place of its own."""

from collections.abc import Iterable
from typing import Any

from fhircase.mapping.context import Misfit, Scope, absent_marker
from fhircase.mapping.kinds.place import Kind
from fhircase.mapping.kinds.rule import Copier, Rule, Shape, alike
from fhircase.mapping.path import Path


class Node(Rule):
    """An object of the model at one place in the resource."""

    called = "object"

    def __init__(self, path: Path, shape: Shape) -> None:
        self.path = path
        self.shape = shape

    def places(self) -> tuple[Path]:
        """The one place."""
        return (self.path,)

    def copier(self) -> Copier | None:
        """The object, when that can be made at once."""
        return (self.path.plain, self.shape.copy) if self.path.here and self.shape.copy is not None else None

    def idle(self) -> bool:
        """Unless FHIR requires a value."""
        return not self.path.required

    def value_type(self) -> Any:
        """The named type."""
        return self.shape.value_type()

    def read(self, scope: Scope) -> Any:
        """The object, or None when the resource says nothing of it."""
        slot = self.path.find(scope)
        if slot is None:
            return None
        if not isinstance(slot[0][slot[1]], dict):
            raise Misfit(f"a {self.path.type} was expected at `{self.path.text}`")
        if scope.ctx.claims is not None:
            self.path.claim_unknown(scope)
            self.path.claim_way(scope)
        data = self.shape.read(scope.inner(slot))
        return data if self.shape.says(data) else None

    def write(self, scope: Scope, value: Any) -> None:
        """Change what differs inside the object, or remove it."""
        if value is None:
            if self.path.present(scope) and self.path.find(scope) is not None and self.read(scope) is not None:
                self.path.drop(scope)
            elif self.path.fresh(scope):
                self.path.mark_unknown(scope)
            return
        if scope.ctx.scratch:
            self.shape.write(scope.inner(self.path.make(scope, leaf=False)), value)
            return
        slot = self.path.find(scope) if self.path.present(scope) else None
        if slot is None or slot[0][slot[1]] in ({}, absent_marker()):
            self.path.node(scope)
            slot = self.path.make(scope, leaf=False)
            self.path.touch(scope)
        elif not alike(self.shape.read(scope.inner(slot)), value):
            self.path.touch(scope)
        self.shape.write(scope.inner(slot), value)


class Group(Rule):
    """An object of the model whose fields have places of their own."""

    called = "group"

    def __init__(self, shape: Shape, *, always: bool = False) -> None:
        self.shape = shape
        self.always = always
        """Whether the object is there even when nothing is said of it."""

    def places(self) -> Iterable[Path]:
        """The places of its fields."""
        return [path for rule in self.shape.rules.values() for path in rule.places()]

    def idle(self) -> bool:
        """When all of its fields are."""
        return all(rule.idle() for rule in self.shape.rules.values())

    def value_type(self) -> Any:
        """An object of these fields."""
        return self.shape.value_type()

    def read(self, scope: Scope) -> Any:
        """The object, or None when none of its fields is there."""
        data = self.shape.read(scope)
        return data if self.shape.says(data) or self.always else None

    def write(self, scope: Scope, value: Any) -> None:
        """Write its fields."""
        self.shape.write(scope, value or {})


KINDS = (
    Kind(
        "group",
        {"group": "rules", "always": "flag?"},
        lambda place, spec: Group(
            place.shape(spec["group"], place.roles, place.here),
            always=bool(spec.get("always")),
        ),
    ),
)
