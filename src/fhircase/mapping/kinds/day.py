"""`day`: a moment whose day stands in an element that holds no time of day; all of it stands in a second place."""

from collections.abc import Mapping, Sequence
from typing import Any

from fhircase.mapping.context import Misfit, Scope
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule
from fhircase.mapping.path import Path


class Day(Rule):
    """A moment, as a date and, where it has a time of day, exactly."""

    called = "moment as a date"

    def __init__(self, path: Path, exact: Path) -> None:
        self.path = path
        self.exact = exact

    def places(self) -> Sequence[Path]:
        """The date, which is believed, and the place of the exact moment."""
        return (self.path, self.exact)

    def idle(self) -> bool:
        """Unless FHIR requires a date."""
        return not self.path.required

    def read(self, scope: Scope) -> str | None:
        """The exact moment, while the date agrees with it; else the date."""
        day, exact = self._text(self.path, scope), self._text(self.exact, scope)
        if day is None:
            self.path.claim_unknown(scope)
            return None
        if exact is not None and _day(exact) == day:
            self.path.claim(scope, "normalised")
            self.exact.claim(scope, "carried")
            return exact
        if exact is not None:
            scope.ctx.remark("the exact time is of another day than the date, which is believed", self.exact.text)
        self.path.claim(scope, "carried")
        return day

    def _text(self, path: Path, scope: Scope) -> str | None:
        found = path.get(scope) if path.present(scope) else None
        if found is not None and not isinstance(found, str):
            raise Misfit(f"a plain {path.type} was expected at `{path.text}`")
        return found

    def write(self, scope: Scope, value: Any) -> None:
        """Say the day, and the moment where that is more."""
        if not scope.ctx.scratch and self.read(scope) == value:
            if value is None and self.path.fresh(scope):
                self.path.mark_unknown(scope)
            return
        if value is None:
            self.path.drop(scope)
        elif self.path.get(scope) != _day(value):
            self.path.put(scope, _day(value))
        if value is not None and "T" in value:
            self.exact.put(scope, value)
        elif self.exact.find(scope) is not None:
            self.exact.drop(scope)


def _day(moment: str) -> str:
    return moment.partition("T")[0]


def _made(place: Place, spec: Mapping[str, Any]) -> Rule:
    return Day(place.path(spec["day"]), place.path(spec["exact"]))


KINDS = (Kind("day", {"day": "text", "exact": "text"}, _made),)
