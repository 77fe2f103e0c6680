"""`columns`: fields that are numbered copies of each other (`note1`, `note2`, ...), and a list in FHIR.

An element stands for the column of its position, unless its element id names another: so gaps come back as gaps. What
is more than there are columns stays where it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fhircase.mapping.context import Scope
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule, Shape, alike
from fhircase.mapping.path import Path
from fhircase.mapping.selector import claim_selector


class Columns(Rule):
    """A list whose items are fields of the object around."""

    called = "list in several fields"

    def __init__(self, path: Path, fields: tuple[str, ...], each: Rule | Shape) -> None:
        self.path = path
        self.fields = fields
        self.each = each

    def places(self) -> Sequence[Path]:
        """The list."""
        return (self.path,)

    def _elements(self, scope: Scope) -> dict[str, int]:
        """Index in the list by column; the first of two that claim the same column has it."""
        step, found, position = self.path.steps[-1], dict[str, int](), 0
        for index, element in enumerate(self.path.array(scope) if self.path.present(scope) else ()):
            if not isinstance(element, dict) or not step.matches(element):
                continue
            column = element.get("id")
            if column not in self.fields and position < len(self.fields):
                column = self.fields[position]
            if column in self.fields:
                found.setdefault(column, index)
            position += 1
        return found

    def read(self, scope: Scope) -> dict[str, Any] | None:
        """The value of each column that is there."""
        array = self.path.array(scope) if self.path.present(scope) else []
        data = {}
        for column, index in self._elements(scope).items():
            value = self.each.read(scope.inner((array, index)))
            if value is not None and value != {}:
                data[column] = value
                claim_selector(scope.ctx, (array, index), self.path.steps[-1])
                if array[index].get("id") == column:
                    scope.ctx.claim(array[index], "id", "constant")
        return data or None

    def write(self, scope: Scope, value: Any) -> None:
        """Change, add and remove just the columns that differ."""
        wanted = value or {}
        current = self.read(scope) or {}
        if alike(current, wanted):
            return
        self.path.touch(scope)
        step, node = self.path.steps[-1], self.path.holder(scope)
        array = node.setdefault(step.name, [])
        there = {column: array[index] for column, index in self._elements(scope).items() if column in current}
        for column in [column for column in there if column not in wanted]:
            gone = there.pop(column)
            array[:] = [element for element in array if element is not gone]
        for column in [field for field in self.fields if field in wanted]:
            if column not in there:
                there[column] = step.new_item(scope.ctx)
                array.append(there[column])
        self._name(scope, there)
        for column, element in there.items():
            if not alike(current.get(column), wanted[column]) or scope.ctx.scratch:
                index = next(at for at, each in enumerate(array) if each is element)
                self.each.write(scope.inner((array, index)), wanted[column])
        if not array:
            self.path.drop_list(scope)

    def _name(self, scope: Scope, there: dict[str, Any]) -> None:
        """Say with element ids which columns they are, when the positions do not."""
        array = self.path.array(scope)
        now = {column: array[index] for column, index in self._elements(scope).items()}
        if all(now.get(column) is element for column, element in there.items()):
            return
        for column, element in there.items():
            element["id"] = column


def _columns(place: Place, spec: Mapping[str, Any]) -> Rule:
    path = place.array(spec["columns"])
    return Columns(path, tuple(spec["fields"]), place.item({"items": spec["items"]}, path.inside))


KINDS = (Kind("columns", {"columns": "text", "fields": "texts", "items": "rule"}, _columns),)
