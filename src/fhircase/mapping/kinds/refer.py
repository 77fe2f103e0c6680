"""`refer`: a reference from a resource we make to another of the same record."""

from collections.abc import Sequence
from typing import Any, ClassVar

from fhircase.mapping.context import Scope
from fhircase.mapping.kinds.link import address
from fhircase.mapping.kinds.place import Kind
from fhircase.mapping.kinds.rule import Rule
from fhircase.mapping.path import Path


class Refer(Rule):
    """A reference that is written once, when its resource is made."""

    called = "reference inside the record"
    carries: ClassVar[bool] = False

    def __init__(self, path: Path, role: str) -> None:
        self.path = path
        self.role = role

    def places(self) -> Sequence[Path]:
        """The reference."""
        return (self.path,)

    def idle(self) -> bool:
        """Never: it is written without a value."""
        return False

    def read(self, scope: Scope) -> None:
        """Nothing for the model; a reference that leads to the resource meant is accounted for."""
        if scope.ctx.claims is None:
            return
        node = self.path.get(scope)
        if node is not None and scope.ctx.find(node, scope.root) is scope.nodes[self.role]:
            scope.ctx.claim(node, "reference", "normalised")

    def write(self, scope: Scope, value: Any) -> None:
        """Refer to the resource, where ours was just made."""
        target = scope.nodes[self.role]
        if target is not None and self.path.fresh(scope) and self.path.find(scope) is None:
            self.path.node(scope).update(address(scope.ctx, target))


KINDS = (
    Kind(
        "refer",
        {"refer": "text", "to": "text"},
        lambda place, spec: Refer(place.path(spec["refer"]), place.role(spec["to"])),
    ),
)
