"""`field`: a bare value, carried as it is; `absent:` names the value that is written as nothing."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fhircase.mapping.context import Misfit, Scope
from fhircase.mapping.grammar import SpecError
from fhircase.mapping.kinds.mirrored import everywhere
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Copier, Rule, alike
from fhircase.mapping.kinds.wellformed import says
from fhircase.mapping.path import Path
from fhircase.mapping.types import bare

_WHOLE = re.compile(r"-?[0-9]{1,19}")


class Field(Rule):
    """One bare value at one place."""

    called = "value"

    def __init__(self, path: Path, absent: Any = None) -> None:
        self.path = path
        self.absent = absent
        self._exact = path.type == "decimal"

    def places(self) -> tuple[Path]:
        """The one place."""
        return (self.path,)

    def name_here(self) -> str | None:
        """Its element, when nothing is converted."""
        return self.path.plain if self.path.here and self.absent is None and not self._exact else None

    def copier(self) -> Copier | None:
        """The value as it is."""
        return (self.path.plain, lambda value: value) if self.path.here and self.absent is None else None

    def idle(self) -> bool:
        """Unless FHIR requires a value."""
        return not self.path.required

    def value_type(self) -> Any:
        """As FHIR has it."""
        if self.absent is not None:
            what = "a custom field has no `absent`: without a value it is not there"
            raise SpecError(what, self.name.partition(" ")[0])
        return bare(self.path.type)

    def read(self, scope: Scope) -> Any:
        """The value, exact."""
        slot = self.path.find(scope)
        if slot is None:
            self.path.claim_unknown(scope)
            return None
        value = slot[0][slot[1]]
        if isinstance(value, dict | list):
            raise Misfit(f"a plain {self.path.type} was expected at `{self.path.text}`")
        if isinstance(value, str) and not says(self.path.type, value):
            scope.ctx.remark(f"blank, or white space where a {self.path.type} has none: left as it is", self.path.text)
            return None
        if scope.ctx.claims is not None:
            self.path.claim(scope, "carried")
        if self._exact and isinstance(value, int | float) and not isinstance(value, bool):
            return Decimal(str(value))
        return None if self.absent is not None and value == self.absent else value

    def write(self, scope: Scope, value: Any) -> None:
        """Set, change or remove the value."""
        if value is not None and value == self.absent:
            value = None
        if scope.ctx.scratch and value is not None:
            self.path.put(scope, value)
            return
        current = self.read(scope) if self.path.present(scope) else None
        if alike(current, value):
            if value is None and self.path.fresh(scope):
                self.path.mark_unknown(scope)
        elif value is None:
            self.path.drop(scope)
        else:
            self.path.put(scope, value)


class Long(Field):
    """A whole number that JSON holds as a text, because it may be longer than some programs' numbers.

    Source: https://hl7.org/fhir/R5/datatypes.html#integer64
    """

    def name_here(self) -> str | None:
        """None: it is converted."""
        return None

    def copier(self) -> Copier | None:
        """The number as a text."""
        return (self.path.plain, str) if self.path.here and self.absent is None else None

    def read(self, scope: Scope) -> Any:
        """The number."""
        value = super().read(scope)
        if isinstance(value, str) and not _WHOLE.fullmatch(value):
            raise Misfit(f"a whole number was expected at `{self.path.text}`")
        return int(value) if isinstance(value, str) else value

    def write(self, scope: Scope, value: Any) -> None:
        """As any other field, in digits."""
        current = None if scope.ctx.scratch or not self.path.present(scope) else self.read(scope)
        if value is None or scope.ctx.scratch or not alike(current, value):
            super().write(scope, None if value is None else str(value))


def _field(place: Place, spec: Mapping[str, Any]) -> Rule:
    def one(text: str) -> Rule:
        path = place.path(text)
        if not path.primitive:
            raise SpecError(f"`{text}` is a {path.type}, no bare value: name its type or a part of it")
        return (Long if path.type == "integer64" else Field)(path, spec.get("absent"))

    return everywhere(spec["field"], one)


KINDS = (Kind("field", {"field": "text|texts", "absent": "any?", "empty": "any?"}, _field),)
