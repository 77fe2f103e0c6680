"""`parent`: the foreign key by which a row of a child table names the record that it belongs to."""

from collections.abc import Mapping, Sequence
from typing import Any

from fhircase.mapping.context import Scope
from fhircase.mapping.grammar import SpecError
from fhircase.mapping.kinds.identity import SERVER
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule
from fhircase.mapping.models.fitting import text
from fhircase.mapping.path import Path


class Parent(Rule):
    """The record's own key, repeated in a part of it."""

    called = "key of the record around"
    gives = frozenset({str, int})

    def places(self) -> Sequence[Path]:
        """None: the references between the resources say it."""
        return ()

    def read(self, scope: Scope) -> str | None:
        """The key of the record around."""
        key = scope.ctx.key
        return None if key["namespace"].startswith(SERVER) else key["value"]

    def write(self, scope: Scope, value: Any) -> None:
        """Nothing; a row of another record is refused."""
        if value is not None and text(value) != scope.ctx.key["value"]:
            scope.ctx.refuse("it names another record than the one it stands in", self)


def _parent(_place: Place, spec: Mapping[str, Any]) -> Rule:
    if spec["parent"] != "key":
        raise SpecError("a row names its record by the record's key: write `{parent: key}`")
    return Parent()


KINDS = (Kind("parent", {"parent": "text"}, _parent),)
