"""A place in a resource: found when it is there, made when it is needed, pruned when it is empty.

Grammar: `role.name.name[selector].name`, or `.name...` from the element at hand, or `.` for that element itself.
A selector picks, and when writing makes, one item of a list: `[system=phone]`, `[type~own#acuity]` (a concept with
that code), `[role!~snomed#768832004]` (without it), `[this!$domain]` (no coding of that system), `[is CarePlan]` (a
reference to one), `[oldest]` (the item has this element), `extension[alias]`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fhircase.mapping.context import Claim, Context, Json, Misfit, Scope

ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def absent_marker() -> Json:
    """What stands in a required element whose value is not known (FHIR: data-absent-reason)."""
    return {"extension": [{"url": ABSENT_REASON, "valueCode": "unknown"}]}


@dataclass(frozen=True, slots=True)
class Test:
    """One condition of a selector."""

    names: tuple[tuple[str, bool], ...]
    """Element names below the item, each with whether it is a list."""
    how: str
    """`=`, `~`, `!~`, `!$`, `is` or `has`."""
    wanted: tuple[str, ...] = ()
    """The value for `=`, system and code for `~` and `!~`, the system for `!$`, resource type and our kind for `is`."""

    def holds(self, item: Json) -> bool:
        """Whether the item meets the condition."""
        found = list(_values(item, self.names))
        if self.how == "has":
            return bool(found)
        if self.how == "is":
            return _is_kind(item, *self.wanted)
        if self.how == "!$":
            return not any(_has_system(value, self.wanted[0]) for value in found)
        if self.how == "=":
            return self.wanted[0] in found
        coded = any(_has_code(value, self.wanted) for value in found)
        return coded if self.how == "~" else not coded

    def build(self, item: Json) -> None:
        """Make a new item meet the condition."""
        if self.how in ("has", "!~", "!$"):
            return
        if self.how == "is":
            item["type"] = self.wanted[0]
            return
        if not self.names:
            item.setdefault("coding", []).append({"system": self.wanted[0], "code": self.wanted[1]})
            return
        value: Any = self.wanted[0]
        if self.how == "~":
            value = {"coding": [{"system": self.wanted[0], "code": self.wanted[1]}]}
        for name, many in self.names[:-1]:
            inner: Json = item.setdefault(name, [{}] if many else {})
            item = inner[0] if many else inner
        name, many = self.names[-1]
        item[name] = [value] if many else value


def _values(node: Any, names: tuple[tuple[str, bool], ...]) -> Iterator[Any]:
    if not names:
        yield node
        return
    inner = node.get(names[0][0]) if isinstance(node, dict) else None
    for value in inner if isinstance(inner, list) else [inner]:
        if value is not None:
            yield from _values(value, names[1:])


def _is_kind(reference: Json, kind: str, ours: str) -> bool:
    text, identifier = str(reference.get("reference", "")), reference.get("identifier")
    system = str(identifier.get("system", "")) if isinstance(identifier, dict) else ""
    return reference.get("type") == kind or f"/{kind}/" in f"/{text}" or system.endswith(f"/{ours}")


def _has_system(concept: Any, system: str) -> bool:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return any(isinstance(c, dict) and c.get("system") == system for c in codings or ())


def _has_code(concept: Any, wanted: tuple[str, ...]) -> bool:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return any(
        isinstance(c, dict) and (c.get("system"), c.get("code")) == wanted for c in codings or ()
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One element on the way: its name, whether it is a list and required, and which item of the list."""

    name: str
    many: bool
    required: bool
    tests: tuple[Test, ...] = ()

    def matches(self, item: Any) -> bool:
        """Whether an item of the list is the one meant."""
        return isinstance(item, dict) and all(test.holds(item) for test in self.tests) if self.tests else True

    def new_item(self, ctx: Context) -> Json:
        """A new item that the selector picks."""
        item: Json = {}
        for test in self.tests:
            test.build(item)
        return ctx.made(item)

    def slot(self, node: Any) -> "Slot | None":
        """Where the element stands below a node, if it is there."""
        if not isinstance(node, dict):
            raise Misfit(f"an object was expected around `{self.name}`")
        value = node.get(self.name)
        if value is None:
            return None
        if not self.many:
            if isinstance(value, list):
                raise Misfit(f"`{self.name}` is not a list")
            return node, self.name
        if not isinstance(value, list):
            raise Misfit(f"`{self.name}` must be a list")
        for index, item in enumerate(value):
            if item is not None and self.matches(item):
                return value, index
        return None

    def make(self, node: Json, ctx: Context, leaf: bool) -> "Slot":
        """Where the element stands, made if need be."""
        found = self.slot(node)
        if found:
            return found
        if not self.many:
            node[self.name] = None if leaf else ctx.made({})
            return node, self.name
        items: list[Any] = node.setdefault(self.name, [])
        items.append(None if leaf and not self.tests else self.new_item(ctx))
        return items, len(items) - 1

    def is_bare(self, item: Any) -> bool:
        """Whether nothing is left in an item but what the selector itself put there."""
        if not item:
            return True
        bare: Json = {}
        for test in self.tests:
            test.build(bare)
        return bool(self.tests) and bool(item == bare)


Slot = tuple[Any, Any]
"""A container (object or list) and the key or index in it."""


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

    @property
    def required(self) -> bool:
        """Whether FHIR demands a value here in every resource (or element) it starts from."""
        return bool(self.steps) and all(step.required for step in self.steps)

    def holder(self, scope: Scope) -> Json:
        """The object whose list this path names, made if need be."""
        return self._above().node(scope)

    def array(self, scope: Scope) -> list[Any]:
        """The whole list this path names, whatever its selector; empty when it is not there."""
        above = self._above()
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

    def _above(self) -> "Path":
        return Path(self.text, self.role, self.steps[:-1], "", "")

    def present(self, scope: Scope) -> bool:
        """Whether the resource (or element) it starts from is there."""
        container, key = scope.base(self.role)
        return bool(container[key] is not None)

    def fresh(self, scope: Scope) -> bool:
        """Whether what it starts from was made in this very write."""
        container, key = scope.base(self.role)
        return id(container[key]) in scope.ctx.fresh

    def find(self, scope: Scope) -> Slot | None:
        """Where the value stands, or None."""
        container, key = scope.base(self.role)
        slot: Slot | None = (container, key)
        for step in self.steps:
            node = slot[0][slot[1]]
            if node is None:
                return None
            slot = step.slot(node)
            if slot is None:
                return None
        return slot if slot is not None and slot[0][slot[1]] is not None else None

    def get(self, scope: Scope) -> Any:
        """The value that stands there, or None."""
        slot = self.find(scope)
        return None if slot is None else slot[0][slot[1]]

    def make(self, scope: Scope, *, leaf: bool) -> Slot:
        """Where the value stands or will stand; everything above it is made as needed."""
        slot = scope.ensure(self.role)
        for index, step in enumerate(self.steps):
            node = slot[0][slot[1]]
            if node is None:
                node = slot[0][slot[1]] = scope.ctx.made({})
            slot = step.make(node, scope.ctx, leaf and index == len(self.steps) - 1)
        return slot

    def put(self, scope: Scope, value: Any) -> None:
        """Set a bare value; what was said about the old one (`_name`) goes with it."""
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
        if node == absent_marker():
            node.clear()
        return node

    def drop_list(self, scope: Scope) -> None:
        """Take an empty list away, and everything that is empty without it."""
        node = self.holder(scope)
        node.pop(self.steps[-1].name, None)
        if not node and len(self.steps) > 1:
            self._above().drop(scope)

    def touch(self, scope: Scope) -> None:
        """Note that something below this place was changed."""
        container, key = scope.base(self.role)
        if self.steps:
            scope.ctx.touched.add((id(container[key]), self.steps[0].name))

    def drop(self, scope: Scope) -> None:
        """Take the value away, and everything that is empty without it; a required one is marked as unknown."""
        container, key = scope.base(self.role)
        self.touch(scope)
        self._drop(container[key], 0)
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

    def claim(self, scope: Scope, how: Claim) -> None:
        """Say what became of the value that stands there, and of the selector that found it."""
        if scope.ctx.claims is None:
            return
        container, key = scope.base(self.role)
        slot: Slot = (container, key)
        for step in self.steps:
            node = slot[0][slot[1]]
            found = step.slot(node)
            if found is None:
                return
            if step.tests:
                claim_selector(scope.ctx, found, step)
            slot = found
        scope.ctx.claim(slot[0], slot[1], how)

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
            for name in (f"_{last.name}", last.name):
                marked = node.get(name)
                marked = marked[0] if isinstance(marked, list) and marked else marked
                if marked == absent_marker():
                    scope.ctx.claim_all(marked, Claim("constant", scope.ctx.rule))


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


def claim_selector(ctx: Context, slot: Slot, step: Step) -> None:
    """Say of what a selector put into an item that it is constant."""
    item = slot[0][slot[1]]
    for test in step.tests:
        if test.how in ("=", "~") and isinstance(item, dict):
            bare: Json = {}
            test.build(bare)
            ctx.claim_like(item, bare, Claim("constant", ctx.rule))
