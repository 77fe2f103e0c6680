"""`unread`: a list that our records have no place for, and without which what they say is not the whole truth.

It is left as it is, and told, so that nobody takes for the whole what is a part: a consent's exceptions.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from fhircase.mapping.context import Scope
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule
from fhircase.mapping.path import Path


class Unread(Rule):
    """A remark where something stands in a list that is not read."""

    called = "not read"
    carries: ClassVar[bool] = False

    def __init__(self, path: Path, why: str, read: int) -> None:
        self.path = path
        self.why = why
        self.many = read
        """How many items of the list other rules do read."""

    def places(self) -> Sequence[Path]:
        """None: it is left as it is."""
        return ()

    def read(self, scope: Scope) -> None:
        """Nothing for the model; a remark where there is more than is read."""
        if self.path.present(scope) and len(self.path.array(scope)) > self.many:
            scope.ctx.remark(self.why, self.path.text)

    def write(self, scope: Scope, value: Any) -> None:
        """Nothing."""


def _unread(place: Place, spec: Mapping[str, Any]) -> Rule:
    return Unread(place.array(spec["unread"]), str(spec["why"]), int(spec.get("first", False)))


KINDS = (Kind("unread", {"unread": "text", "why": "text", "first": "flag?"}, _unread),)
