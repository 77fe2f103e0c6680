"""`list`: items of the model and the elements of an array that a selector picks.

Items and elements are aligned: equal ones first (those in their place before others), then by the rule's key, then
(without a key) the rest in order. Elements that the selector does not pick stay where they are; new ones go to the end.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from fhircase.mapping.context import Misfit, Scope
from fhircase.mapping.grammar import SpecError, near
from fhircase.mapping.kinds.constant import recognising
from fhircase.mapping.kinds.field import Field
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.related import forward
from fhircase.mapping.kinds.rule import Copier, Rule, Shape, alike
from fhircase.mapping.path import Path
from fhircase.mapping.selector import claim_selector
from fhircase.model.base import Many

Read = list[tuple[int, Any]]
"""Index in the array and what was read there."""


class Listing(Rule):
    """A list of values or objects, each an element of one array."""

    called = "list"

    def __init__(self, path: Path, each: Rule | Shape, key: Sequence[str] = (), below: str = "") -> None:
        self.path = path
        self.step = path.steps[-1]
        self.each = each
        self.key = tuple(key)
        self.below = below
        """Element of each array item in which the value stands; empty when it is the item itself."""

    @cached_property
    def _copies(self) -> Callable[[Any], Any] | None:
        """How an item is copied into a new list, when its element is nothing but it."""
        if self.below or self.step.tests or isinstance(self, ContainedListing):
            return None
        if isinstance(self.each, Field) and not self.each.path.steps:
            return lambda item: item
        return self.each.copy if isinstance(self.each, Shape) else None

    def copier(self) -> Copier | None:
        """The list, when its items can be copied."""
        make = self._copies
        if make is None or self.path.role or len(self.path.steps) > 1:
            return None
        return self.step.name, lambda items: [make(item) for item in items]

    def places(self) -> Sequence[Path]:
        """The array."""
        return (self.path,)

    def picks(self, scope: Scope, element: Any) -> bool:
        """Whether an element of the array is one of ours."""
        if self.below and not (isinstance(element, dict) and element.get(self.below) is not None):
            return False
        return element is not None and self.step.matches(element)

    def slot(self, scope: Scope, array: list[Any], index: int) -> tuple[Any, Any]:
        """Where the value of an element stands."""
        return (array[index], self.below) if self.below else (array, index)

    def made(self, scope: Scope) -> Any:
        """A new element."""
        if isinstance(self.each, Rule) and not self.below and not self.step.tests:
            return None
        element = self.step.new_item(scope.ctx)
        if self.below:
            element[self.below] = None
        return element

    def discard(self, scope: Scope, element: Any) -> bool:
        """Take our part out of an element that is no longer wanted; whether all of it goes."""
        if not self.below:
            return True
        del element[self.below]
        return not element

    def value_type(self) -> Any:
        """A list of what each is."""
        each: Any = self.each.value_type()
        return Many[each]

    def read(self, scope: Scope) -> Any:
        """The items, in the array's order; elements that say nothing to the model are left over."""
        return tuple(value for _, value in self._read(scope)) or None

    def _read(self, scope: Scope) -> Read:
        array = self.path.array(scope)
        found = []
        for index, element in enumerate(array):
            if self.picks(scope, element):
                value = self._read_one(scope, array, index)
                if value is not None:
                    claim_selector(scope.ctx, (array, index), self.step)
                    found.append((index, value))
        return found

    def _read_one(self, scope: Scope, array: list[Any], index: int) -> Any:
        slot = self.slot(scope, array, index)
        if isinstance(self.each, Shape):
            if not isinstance(slot[0][slot[1]], dict):
                raise Misfit(f"an object was expected at `{self.path.text}[{index}]`")
            data = self.each.read(scope.inner(slot))
            return data if self.each.says(data) else None
        return self.each.read(scope.inner(slot))

    def write(self, scope: Scope, value: Any) -> None:
        """Change, add, move and remove just what differs."""
        items = value or ()
        if scope.ctx.scratch:
            self._write_anew(scope, items)
            return
        read = self._read(scope)
        if alike([v for _, v in read], items):
            return
        self.path.touch(scope)
        chosen = self._align(read, items)
        node, name = self.path.holder(scope), self.step.name
        new, places = self._arrange(scope, node.get(name, []), [i for i, _ in read], chosen)
        node[name] = new
        node.pop(f"_{name}", None)
        for item, index in zip(items, places, strict=True):
            self._write_one(scope, new, index, item)
        if not new:
            self.path.drop_list(scope)

    def _write_anew(self, scope: Scope, items: Sequence[Any]) -> None:
        array = self.path.holder(scope).setdefault(self.step.name, [])
        if self._copies is not None:
            array.extend(self._copies(item) for item in items)
            return
        for item in items:
            array.append(self.made(scope))
            self._write_one(scope, array, len(array) - 1, item)

    def _write_one(self, scope: Scope, array: list[Any], index: int, item: Any) -> None:
        self.each.write(scope.inner(self.slot(scope, array, index)), item)
        if self.step.excludes and not self.step.matches(array[index]):
            self.refuse_excluded(scope)

    def refuse_excluded(self, scope: Scope) -> None:
        """Refuse an item that would not be read again, for the selector leaves its code to another rule."""
        scope.ctx.refuse("an item has a code that the list leaves to another rule", self)

    def _arrange(
        self, scope: Scope, array: list[Any], mine: list[int], chosen: list[int | None]
    ) -> tuple[list[Any], list[int]]:
        """The new array, and where each of the items is in it."""
        stay = {i for i in mine if i not in chosen and not self.discard(scope, array[i])}
        queue = [array[i] if i is not None else self.made(scope) for i in chosen]
        new: list[Any] = []
        places: list[int] = []
        for index, element in enumerate(array):
            if index not in mine or index in stay:
                new.append(element)
            elif queue:
                places.append(len(new))
                new.append(queue.pop(0))
        for element in queue:
            places.append(len(new))
            new.append(element)
        return new, places

    def _align(self, read: Read, items: Sequence[Any]) -> list[int | None]:
        """For each item the index of its element, or None for a new one."""
        # What is still said in its place stays there, though another item may now say the same.
        chosen = {
            at: entry[0] for at, (entry, item) in enumerate(zip(read, items, strict=False)) if alike(entry[1], item)
        }
        free = [entry for at, entry in enumerate(read) if at not in chosen]
        for test in (alike, self._same_key, self._any):
            for at, item in enumerate(items):
                hit = next((entry for entry in free if test(entry[1], item)), None) if at not in chosen else None
                if hit:
                    chosen[at] = hit[0]
                    free.remove(hit)
        return [chosen.get(at) for at in range(len(items))]

    def _same_key(self, one: Any, other: Any) -> bool:
        return bool(self.key) and all(alike(one.get(name), other.get(name)) for name in self.key)

    def _any(self, _one: Any, _other: Any) -> bool:
        return not self.key


class Others(Listing):
    """A list of links, besides those elements of it that lead to items of the record itself."""

    def __init__(self, path: Path, each: Rule | Shape, key: Sequence[str], below: str, besides: str) -> None:
        super().__init__(path, each, key, below)
        self.besides = besides
        """The list of those items."""

    def copier(self) -> Copier | None:
        """None: it shares its array."""
        return None

    def picks(self, scope: Scope, element: Any) -> bool:
        """Whether it leads elsewhere."""
        if not super().picks(scope, element):
            return False
        reference = element.get(self.below) if self.below else element
        resource = scope.ctx.find(reference, scope.nodes[self.path.role])
        at = scope.ctx.item_ids.get(id(resource)) if resource is not None else None
        return at is None or at[0] != self.besides


class ContainedListing(Listing):
    """A list whose elements refer to contained resources, and whose items are those resources.

    Source: https://hl7.org/fhir/R4/references.html#contained
    """

    called = "contained resources"

    def __init__(self, path: Path, each: Shape, kind: str, label: str) -> None:
        super().__init__(path, each)
        self.kind = kind
        self.label = label

    def _index(self, scope: Scope, element: Any) -> int | None:
        reference = element.get("reference") if isinstance(element, dict) else None
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        for index, resource in enumerate(self._contained(scope)):
            if not isinstance(resource, dict):
                continue
            if resource.get("id") == reference[1:] and resource.get("resourceType") == self.kind:
                return index
        return None

    def _contained(self, scope: Scope) -> list[Any]:
        root = scope.base(self.path.role)
        found = root[0][root[1]].get("contained", [])
        if not isinstance(found, list):
            raise Misfit("`contained` must be a list")
        return found

    def picks(self, scope: Scope, element: Any) -> bool:
        """Whether it refers to a contained resource of the kind meant, made by us."""
        index = self._index(scope, element)
        if index is None:
            return False
        scope_in = scope.inner((self._contained(scope), index))
        return isinstance(self.each, Shape) and all(rule.holds(scope_in) for rule in recognising(self.each))

    def slot(self, scope: Scope, array: list[Any], index: int) -> tuple[Any, Any]:
        """The contained resource."""
        at = self._index(scope, array[index]) or 0
        contained = self._contained(scope)
        scope.ctx.claim(array[index], "reference", "constant")
        scope.ctx.claim(contained[at], "resourceType", "constant")
        scope.ctx.claim(contained[at], "id", "constant")
        return contained, at

    def made(self, scope: Scope) -> Any:
        """A new contained resource, and the reference to it."""
        container, key = scope.base(self.path.role)
        contained = container[key].setdefault("contained", [])
        taken = [resource.get("id") for resource in contained if isinstance(resource, dict)]
        number = next(n for n in range(1, len(contained) + 2) if f"{self.label}-{n}" not in taken)
        name = f"{self.label}-{number}"
        contained.append(scope.ctx.made({"resourceType": self.kind, "id": name}))
        return {"reference": f"#{name}"}

    def discard(self, scope: Scope, element: Any) -> bool:
        """The contained resource goes with the reference to it."""
        container, key = scope.base(self.path.role)
        index = self._index(scope, element)
        if index is not None:
            del container[key]["contained"][index]
            if not container[key]["contained"]:
                del container[key]["contained"]
        return True


def _list(place: Place, spec: Mapping[str, Any]) -> Rule:
    if "resource" in spec:
        return forward(place, spec)
    path = place.array(spec["list"])
    below = spec.get("below", "")
    here = path.inside
    if below:
        element = place.words.elements.child(path.inside, below)
        if element is None:
            known = place.words.elements.names(path.inside)
            raise SpecError(f"{path.inside} has no element `{below}`{near(below, known)}")
        here = place.words.elements.inside(element)
        path = replace(path, text=f"{path.text}.{below}")
    each = place.item(spec, here)
    for name in spec.get("key", ()):
        if not isinstance(each, Shape) or name not in each.rules:
            raise SpecError(f"the items have no field `{name}` to be told apart by")
    if besides := spec.get("besides"):
        return Others(replace(path, text=f"{path.text} besides {besides}"), each, spec.get("key", ()), below, besides)
    return Listing(path, each, spec.get("key", ()), below)


def _contained(place: Place, spec: Mapping[str, Any]) -> Rule:
    path = place.array(spec["contained"])
    each = place.shape(spec["each"], {}, place.resource(spec["resource"]))
    return ContainedListing(path, each, spec["resource"], spec["label"])


KINDS = (
    Kind(
        "list",
        {
            "list": "text",
            "items": "rule?",
            "each": "text|rules?",
            "key": "texts?",
            "below": "text?",
            "besides": "text?",
            "resource": "map?",
            "at": "text?",
            "use": "text?",
            "removed": "map?",
        },
        _list,
    ),
    Kind("contained", {"contained": "text", "resource": "text", "label": "text", "each": "rules"}, _contained),
)
