"""A place in a resource: found when it is there, made when it is needed, pruned when it is empty.

Grammar: `role.name.name[selector].name`, or `.name...` from the element at hand, or `.` for that element itself.
A selector picks, and when writing makes, one item of a list: `[system=phone]`, `[type!=Consent]`, `[type~own#acuity]`
(a concept with that code), `[role!~snomed#768832004]` (without it), `[this!$domain]` (no coding of that system),
`[is CarePlan]` (a reference to one), `[oldest]` (the item has this element), `extension[alias]`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fhircase.fhir.jsontext import Json
from fhircase.mapping.context import Fate, Misfit, Scope, absent_marker
from fhircase.mapping.selector import Slot, Step, claim_selector


@dataclass(frozen=True, slots=True)
class Path:
    """A place relative to a role's resource, or to the element at hand when `role` is empty."""

    text: str
    role: str
    steps: tuple[Step, ...]
    type: str
    """FHIR's type of what stands there."""
    inside: str
    """Under which name the element tables list its children."""
    primitive: bool = False
    plain: str = ""
    """The element's name, when the path is just that: one step, no list."""

    single: bool = False
    """Whether no step is a list."""
    above: "Path | None" = None
    """The path without its last step."""
    listed: tuple[str, ...] = ()
    """Under which names the element tables list its steps."""

    @property
    def here(self) -> bool:
        """Whether it is just one element of the object at hand."""
        return bool(self.plain) and not self.role

    @property
    def required(self) -> bool:
        """Whether FHIR demands a value here in every resource (or element) it starts from."""
        return bool(self.steps) and all(step.required for step in self.steps)

    def holder(self, scope: Scope) -> Json:
        """The object whose list this path names, made if need be."""
        return self._above.node(scope)

    def array(self, scope: Scope) -> list[Any]:
        """The whole list this path names, whatever its selector; empty when it is not there."""
        if len(self.steps) == 1:
            container, key = scope.base(self.role)
            node = container[key]
        else:
            above = self._above
            slot = above.find(scope) if above.present(scope) else None
            node = slot[0][slot[1]] if slot else None
        found = node.get(self.steps[-1].name) if isinstance(node, dict) else None
        if found is not None and not isinstance(found, list):
            raise Misfit(f"a list was expected at `{self.text}`")
        return found or []

    def picked(self, scope: Scope) -> list[Json]:
        """The objects of the list that the selector picks."""
        step = self.steps[-1]
        return [item for item in self.array(scope) if isinstance(item, dict) and step.matches(item)]

    @property
    def _above(self) -> "Path":
        assert self.above is not None  # noqa: S101 - `parse` gives every path with steps the one above it
        return self.above

    def present(self, scope: Scope) -> bool:
        """Whether the resource (or element) it starts from is there."""
        container, key = scope.base(self.role)
        return bool(container[key] is not None)

    def fresh(self, scope: Scope) -> bool:
        """Whether what it starts from was made in this very write."""
        if scope.ctx.scratch:
            return True
        container, key = scope.base(self.role)
        return id(container[key]) in scope.ctx.fresh

    def find(self, scope: Scope) -> Slot | None:
        """Where the value stands, or None."""
        container, key = scope.base(self.role)
        slot: Slot = (container, key)
        for step in self.steps:
            node = slot[0][slot[1]]
            found = None if node is None else step.slot(node)
            if found is None:
                return None
            slot = found
        return slot if slot[0][slot[1]] is not None else None

    def get(self, scope: Scope) -> Any:
        """The value that stands there, or None."""
        slot = self.find(scope)
        return None if slot is None else slot[0][slot[1]]

    def get_in(self, resource: Json, scope: Callable[[], Scope]) -> Any:
        """The same in the resource that the path starts from, which seldom takes a whole scope."""
        if not self.plain:
            return self.get(scope())
        found = resource.get(self.plain)
        if isinstance(found, list):
            raise Misfit(f"`{self.plain}` is not a list")
        return found

    def make(self, scope: Scope, *, leaf: bool) -> Slot:
        """Where the value stands or will stand; everything above it is made as needed."""
        if self.single and scope.ctx.scratch:
            return self._make_anew(scope, leaf=leaf)
        slot = scope.ensure(self.role)
        for index, step in enumerate(self.steps):
            node = slot[0][slot[1]]
            if node is None:
                node = slot[0][slot[1]] = scope.ctx.made({})
            slot = step.make(node, scope.ctx, leaf=leaf and index == len(self.steps) - 1)
        return slot

    def _make_anew(self, scope: Scope, *, leaf: bool) -> Slot:
        container, key = scope.ensure(self.role)
        if container[key] is None:
            container[key] = {}
        node = container[key]
        for step in self.steps[:-1]:
            node = node.setdefault(step.name, {})
        name = self.steps[-1].name
        node.setdefault(name, None if leaf else {})
        return node, name

    def put(self, scope: Scope, value: Any) -> None:
        """Set a bare value; what was said about the old one (`_name`) goes with it."""
        if self.plain and scope.ctx.scratch:
            container, key = scope.ensure(self.role)
            if container[key] is None:
                container[key] = {}
            container[key][self.plain] = value
            return
        container, key = self.make(scope, leaf=True)
        self.touch(scope)
        container[key] = value
        if isinstance(container, dict):
            container.pop(f"_{key}", None)

    def node(self, scope: Scope) -> Json:
        """The object that stands there, made if need be."""
        container, key = self.make(scope, leaf=False)
        if container[key] is None:
            container[key] = scope.ctx.made({})
        node: Json = container[key]
        if node and node == absent_marker():
            node.clear()
        return node

    def drop_list(self, scope: Scope) -> None:
        """Take an empty list away, and everything that is empty without it."""
        node = self.holder(scope)
        node.pop(self.steps[-1].name, None)
        if not node and len(self.steps) > 1:
            self._above.drop(scope)

    def touch(self, scope: Scope) -> None:
        """Note that something below this place was changed."""
        if scope.ctx.scratch:
            return
        container, key = scope.base(self.role)
        if self.steps:
            scope.ctx.touched.add((id(container[key]), self.steps[0].name))

    def touched(self, scope: Scope) -> bool:
        """Whether something below this place was changed in this write."""
        container, key = scope.base(self.role)
        return (id(container[key]), self.steps[0].name) in scope.ctx.touched

    def drop(self, scope: Scope) -> None:
        """Take the value away, and everything that is empty without it; a required one is marked as unknown.

        Where the path leads to the first of several, all go: else the next would be read as the value.
        """
        container, key = scope.base(self.role)
        self.touch(scope)
        while True:
            before = self.find(scope)
            self._drop(container[key], 0)
            after = self.find(scope)
            if after is None or before is None:
                break
        self.mark_unknown(scope)

    def _drop(self, node: Any, at: int) -> None:
        if node is None or at == len(self.steps):
            return
        step = self.steps[at]
        slot = step.slot(node)
        if slot is None:
            return
        if at == len(self.steps) - 1:
            _remove(node, step.name, slot)
            return
        self._drop(slot[0][slot[1]], at + 1)
        if step.is_bare(slot[0][slot[1]]):
            _remove(node, step.name, slot)

    def mark_unknown(self, scope: Scope) -> None:
        """Say of a required place without a value that the value is not known."""
        if not self.required or self.find(scope) is not None:
            return
        *above, last = self.steps
        container, key = scope.ensure(self.role)
        node = container[key]
        for step in above:
            inner, at = step.make(node, scope.ctx, leaf=False)
            node = inner[at]
        if self.primitive and not last.many:
            node[f"_{last.name}"] = absent_marker()
        else:
            node[last.name] = [absent_marker()] if last.many else absent_marker()

    def claim(self, scope: Scope, how: Fate, row: str = "") -> None:
        """Say what became of the value that stands there, and of the selectors that found it."""
        slot = self.claim_way(scope)
        if slot is not None:
            scope.ctx.claim(slot[0], slot[1], how, row)

    def claim_way(self, scope: Scope) -> Slot | None:
        """Say that the selectors on the way put constants there."""
        if scope.ctx.claims is None:
            return None
        container, key = scope.base(self.role)
        slot: Slot = (container, key)
        for step in self.steps:
            node = slot[0][slot[1]]
            found = step.slot(node)
            if found is None:
                return None
            if step.tests:
                claim_selector(scope.ctx, found, step)
            slot = found
        return slot

    def claim_unknown(self, scope: Scope) -> None:
        """Say that a marker of an unknown value was read as such."""
        if scope.ctx.claims is None or not self.steps:
            return
        container, key = scope.base(self.role)
        slot: Slot = (container, key)
        for step in self.steps[:-1]:
            found = step.slot(slot[0][slot[1]]) if slot[0][slot[1]] is not None else None
            if found is None:
                return
            slot = found
        node, last = slot[0][slot[1]], self.steps[-1]
        if isinstance(node, dict):
            scope.ctx.claim_marker(node, last.name)


def _remove(node: Json, name: str, slot: Slot) -> None:
    container, key = slot
    if container is node:
        del node[name]
        node.pop(f"_{name}", None)
        return
    del container[key]
    node.pop(f"_{name}", None)
    if not container:
        del node[name]
