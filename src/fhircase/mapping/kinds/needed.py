"""`needed`: one of these places has to say something; while none does, the first says that it is not known.

For what FHIR demands beyond the element a field stands in: the concept around a code, or one of two elements.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from fhircase.mapping.context import Scope, absent_marker
from fhircase.mapping.kinds.place import Kind
from fhircase.mapping.kinds.rule import Rule
from fhircase.mapping.path import Path


class Needed(Rule):
    """A mark that a value is unknown, in a resource that is made or whose last value was taken out."""

    called = "marked as unknown"
    carries: ClassVar[bool] = False

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = paths

    def places(self) -> Sequence[Path]:
        """All of them."""
        return self.paths

    def idle(self) -> bool:
        """Never: it is written without a value."""
        return False

    def read(self, scope: Scope) -> None:
        """Nothing for the model; the mark is accounted for."""
        self.paths[0].claim_unknown(scope)

    def write(self, scope: Scope, value: Any) -> None:
        """Set the mark where nothing is said any more, and take it from beside what is said now."""
        first = self.paths[0]
        if not first.present(scope) or not (first.fresh(scope) or self._touched(scope)):
            return
        _unmark(first, scope)
        if not any(path.find(scope) for path in self.paths):
            step, node = first.steps[-1], first.holder(scope)
            name = f"_{step.name}" if first.primitive and not step.many else step.name
            node[name] = [absent_marker()] if step.many else absent_marker()

    def _touched(self, scope: Scope) -> bool:
        container, key = scope.base(self.paths[0].role)
        return any((id(container[key]), path.steps[0].name) in scope.ctx.touched for path in self.paths)


def _unmark(path: Path, scope: Scope) -> None:
    """Take the mark away from beside a value: from other items of the list, from other parts of the object."""
    if path.steps[-1].many:
        items = path.array(scope)
        if len(items) > 1:
            items[:] = [item for item in items if item != absent_marker()] or items[:1]
        return
    (mark,) = absent_marker()["extension"]
    node = path.get(scope)
    if isinstance(node, dict) and node.keys() - {"extension", "id"} and mark in node.get("extension", ()):
        node["extension"].remove(mark)
        if not node["extension"]:
            del node["extension"]


KINDS = (Kind("needed", {"needed": "text|texts"}, lambda place, spec: Needed(place.paths(spec["needed"]))),)
