"""`flag`: true is the presence of an item that the selector picks, false its absence."""

from collections.abc import Sequence
from typing import Any, Literal

from fhircase.mapping.context import Scope
from fhircase.mapping.kinds.place import Kind
from fhircase.mapping.kinds.rule import Rule
from fhircase.mapping.path import Path


class Flag(Rule):
    """A yes or no, said by a list item."""

    called = "yes or no"

    def __init__(self, path: Path) -> None:
        self.path = path

    def places(self) -> Sequence[Path]:
        """The list item."""
        return (self.path,)

    def value_type(self) -> Any:
        """Yes, or nothing."""
        return Literal[True]

    def read(self, scope: Scope) -> bool | None:
        """True when the item is there."""
        found = self.path.present(scope) and self.path.find(scope) is not None
        if found:
            self.path.claim(scope, "carried")
        return True if found else None

    def write(self, scope: Scope, value: Any) -> None:
        """Add or remove the item."""
        if bool(value) == bool(self.read(scope)):
            return
        if value:
            self.path.make(scope, leaf=True)
            self.path.touch(scope)
        else:
            self.path.drop(scope)


KINDS = (Kind("flag", {"flag": "text"}, lambda place, spec: Flag(place.path(spec["flag"]))),)
