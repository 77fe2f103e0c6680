"""`refers`: ids of other items of the record, as references to their resources."""

from collections.abc import Mapping, Sequence
from typing import Any

from fhircase.fhir.jsontext import Json
from fhircase.mapping.context import Scope
from fhircase.mapping.kinds.link import address
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule
from fhircase.mapping.models.fitting import text
from fhircase.mapping.path import Path


class Refers(Rule):
    """A list of references to items of one of the record's own lists, such as the goals an activity serves."""

    called = "links inside the record"

    def __init__(self, path: Path, items: str, below: str = "", *, one: bool = False) -> None:
        self.path = path
        self.items = items
        self.one = one
        """Whether the field is the id of one item, as a foreign key is."""
        self.below = below
        """Element of each list item that holds the Reference; empty when it is the item itself."""

    def places(self) -> Sequence[Path]:
        """The list."""
        return (self.path,)

    def _elements(self, scope: Scope) -> list[tuple[Json, str]]:
        found = []
        for element in self.path.picked(scope):
            reference = element.get(self.below) if self.below else element
            resource = scope.ctx.find(reference, scope.root)
            at = scope.ctx.item_ids.get(id(resource)) if resource is not None else None
            if at and at[0] == self.items:
                found.append((element, at[1]))
        return found

    def read(self, scope: Scope) -> Any:
        """The ids of those items that are there; other references are left alone."""
        found = self._elements(scope)
        for element, _ in found:
            scope.ctx.claim_all(element, "normalised")
        ids = tuple(id_ for _, id_ in found)
        return ids if ids and not self.one else next(iter(ids), None)

    def write(self, scope: Scope, value: Any) -> None:
        """Refer to just these items."""
        items = [value] if self.one and value is not None else value or ()
        wanted, found = [text(each) for each in items], self._elements(scope) if self.path.present(scope) else []
        if [id_ for _, id_ in found[: 1 if self.one else None]] == wanted:
            return
        self.path.touch(scope)
        step = self.path.steps[-1]
        node = self.path.holder(scope)
        old: list[Any] = node.get(step.name, [])
        mine = {id(element): None for element, _ in found}
        spare = {id_: element for element, id_ in found}
        new = [spare.get(id_) or self._made(scope, id_) for id_ in wanted]
        node[step.name] = [element for element in old if id(element) not in mine] + new
        if not node[step.name]:
            self.path.drop_list(scope)

    def _made(self, scope: Scope, id_: str) -> Json:
        reference = address(scope.ctx, scope.ctx.items[self.items, id_])
        element = self.path.steps[-1].new_item(scope.ctx)
        if self.below:
            element[self.below] = reference
        else:
            element.update(reference)
        return element


def _refers(place: Place, spec: Mapping[str, Any]) -> Rule:
    return Refers(place.array(spec["refers"]), spec["items"], spec.get("below", ""), one=bool(spec.get("one")))


KINDS = (Kind("refers", {"refers": "text", "items": "text", "below": "text?", "one": "flag?"}, _refers),)
