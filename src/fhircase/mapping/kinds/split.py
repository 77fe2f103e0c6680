"""`split`: several values in one text, with a mark between them, and a list in FHIR: `asthma; diabetes`."""

from collections.abc import Mapping, Sequence
from typing import Any

from fhircase.mapping.context import Scope
from fhircase.mapping.grammar import SpecError
from fhircase.mapping.kinds.listing import Listing
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule
from fhircase.mapping.path import Path


class Split(Rule):
    """A text that is a list."""

    called = "list in one text"
    gives = frozenset({str})

    def __init__(self, listing: Listing, mark: str) -> None:
        self.listing = listing
        self.mark = mark

    def places(self) -> Sequence[Path]:
        """The list."""
        return self.listing.places()

    def read(self, scope: Scope) -> str | None:
        """The items with the mark between them."""
        items = self.listing.read(scope) if self.listing.path.present(scope) else None
        if items and any(self.mark in item for item in items):
            scope.ctx.remark("an item has the mark in it that stands between items", self.listing.path.text)
        return self.mark.join(items) if items else None

    def write(self, scope: Scope, value: Any) -> None:
        """Write an item for each part; parts that say nothing are refused."""
        if not scope.ctx.scratch and self.read(scope) == value:
            return
        parts = tuple(str(value).split(self.mark)) if value is not None else None
        if parts and not all(part.strip() for part in parts):
            scope.ctx.refuse(f"a part between two `{self.mark}` is empty", self)
            return
        if parts or not scope.ctx.scratch:
            self.listing.write(scope, parts)


def _split(place: Place, spec: Mapping[str, Any]) -> Rule:
    path = place.array(spec["split"])
    if not spec["by"]:
        raise SpecError("`by` is the mark that stands between the values")
    each = place.item({"items": spec["items"]}, path.inside)
    return Split(Listing(path, each), spec["by"])


KINDS = (Kind("split", {"split": "text", "by": "text", "items": "rule", "empty": "any?"}, _split),)
