"""Which item of a list is meant, and a new item that would be the one; and one step of a path."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fhircase.fhir.jsontext import Json
from fhircase.mapping.context import Context, Misfit

Slot = tuple[Any, Any]
"""A container (object or list) and the key or index in it."""


@dataclass(frozen=True, slots=True)
class Test:
    """One condition of a selector."""

    names: tuple[tuple[str, bool], ...]
    """Element names below the item, each with whether it is a list."""
    how: str
    """`=`, `!=`, `~`, `!~`, `!$`, `is` or `has`."""
    wanted: tuple[str, ...] = ()
    """The value for `=`, system and code for `~`, the system for `!$`, resource type and our kind for `is`."""

    def holds(self, item: Json) -> bool:
        """Whether the item meets the condition."""
        found = list(_values(item, self.names))
        if self.how == "has":
            return bool(found)
        if self.how == "is":
            return is_kind(item, *self.wanted)
        if self.how == "!$":
            return not any(_has_system(value, self.wanted[0]) for value in found)
        if self.how in ("=", "!="):
            return (self.wanted[0] in found) == (self.how == "=")
        coded = any(_has_code(value, self.wanted) for value in found)
        return coded if self.how == "~" else not coded

    @property
    def says(self) -> str:
        """The name of the element by which a new item meets the condition; empty where it says nothing."""
        if self.how in ("has", "!=", "!~", "!$"):
            return ""
        return "type" if self.how == "is" else self.names[0][0] if self.names else "coding"

    def build(self, item: Json) -> None:
        """Make a new item meet the condition."""
        if not self.says:
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
            inner: Any = item.setdefault(name, [{}] if many else {})
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


def is_kind(reference: Json, kind: str, ours: str) -> bool:
    """Whether a Reference says that it leads to a resource of a type, or to a record of ours of that kind."""
    text, identifier = str(reference.get("reference", "")), reference.get("identifier")
    system = str(identifier.get("system", "")) if isinstance(identifier, dict) else ""
    return reference.get("type") == kind or f"/{kind}/" in f"/{text}" or system.endswith(f"/{ours}")


def codings(concept: Any) -> list[Json]:
    """The Codings of a concept; what is none is none."""
    found = concept.get("coding") if isinstance(concept, dict) else None
    return [coding for coding in found if isinstance(coding, dict)] if isinstance(found, list) else []


def code_of(coding: Json) -> tuple[Any, Any]:
    """System and code of a Coding."""
    return coding.get("system"), coding.get("code")


def _has_system(concept: Any, system: str) -> bool:
    return any(coding.get("system") == system for coding in codings(concept))


def _has_code(concept: Any, wanted: tuple[str, ...]) -> bool:
    return any(code_of(coding) == wanted for coding in codings(concept))


@dataclass(frozen=True, slots=True)
class Step:
    """One element on the way: its name, whether it is a list and required, and which item of the list."""

    name: str
    many: bool
    required: bool
    tests: tuple[Test, ...] = ()
    rivals: tuple[str, ...] = ()
    """The other names of a choice element, which go when this one comes."""

    @property
    def excludes(self) -> bool:
        """Whether some codes are left to other rules."""
        return any(test.how in ("!~", "!$") for test in self.tests)

    def matches(self, item: Any) -> bool:
        """Whether an item of the list is the one meant."""
        return isinstance(item, dict) and all(test.holds(item) for test in self.tests) if self.tests else True

    def new_item(self, ctx: Context) -> Json:
        """A new item that the selector picks."""
        item: Json = {}
        for test in self.tests:
            test.build(item)
        return ctx.made(item)

    def slot(self, node: Any) -> Slot | None:
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

    def make(self, node: Json, ctx: Context, *, leaf: bool) -> Slot:
        """Where the element stands, made if need be."""
        found = self.slot(node)
        if found:
            return found
        for rival in self.rivals:
            node.pop(rival, None)
            node.pop(f"_{rival}", None)
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


def claim_selector(ctx: Context, slot: Slot, step: Step) -> None:
    """Say of what a selector put into an item that it is constant."""
    item = slot[0][slot[1]]
    for test in step.tests:
        if test.how in ("=", "~") and isinstance(item, dict):
            bare: Json = {}
            test.build(bare)
            ctx.claim_like(item, bare, "constant")
