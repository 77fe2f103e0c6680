"""`same`: a place that repeats another place of the record, such as the subject of a plan's goals."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from fhircase.fhir import jsontext
from fhircase.mapping.context import Scope
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule
from fhircase.mapping.path import Path


class Same(Rule):
    """A copy: written when its resource is made, and again when the original changes or goes."""

    called = "copied from another place"
    carries: ClassVar[bool] = False

    def __init__(self, sources: Sequence[Path], path: Path) -> None:
        self.sources = sources
        self.path = path

    def places(self) -> Sequence[Path]:
        """The copy."""
        return (self.path,)

    def idle(self) -> bool:
        """Never: it is written without a value."""
        return False

    def _source(self, scope: Scope) -> Path | None:
        return next((s for s in self.sources if s.present(scope) and s.find(scope) is not None), None)

    def read(self, scope: Scope) -> None:
        """Nothing for the model; what says the same is accounted for, what does not is left and told."""
        if scope.ctx.claims is None or self.path.find(scope) is None:
            return
        source, found = self._source(scope), self.path.get(scope)
        if source is not None and source.get(scope) == found:
            if isinstance(found, dict):
                scope.ctx.claim_all(found, "constant")
            else:
                self.path.claim(scope, "constant")

    def write(self, scope: Scope, value: Any) -> None:
        """Copy the original where it is new or was changed in this write."""
        if not self.path.present(scope):
            return
        source = self._source(scope)
        if source is None:
            self._clear(scope)
            return
        if not (source.touched(scope) or self.path.fresh(scope)) or source.get(scope) == self.path.get(scope):
            return
        slot_container, slot_key = self.path.make(scope, leaf=True)
        self.path.touch(scope)
        slot_container[slot_key] = jsontext.copy(source.get(scope))

    def _clear(self, scope: Scope) -> None:
        """Say nothing where the original was taken out, and that it is unknown where FHIR requires something."""
        if self.path.fresh(scope):
            self.path.mark_unknown(scope)
        elif self.path.find(scope) is not None and any(s.present(scope) and s.touched(scope) for s in self.sources):
            self.path.drop(scope)


def _same(place: Place, spec: Mapping[str, Any]) -> Rule:
    return Same(place.paths(spec["same"]), place.path(spec["at"]))


KINDS = (Kind("same", {"same": "text|texts", "at": "text"}, _same),)
