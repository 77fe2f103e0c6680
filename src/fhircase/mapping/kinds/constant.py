"""`constant`: what a resource always says when we make it; with `recognises` it is how such a resource is known."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ClassVar

from fhircase.fhir import jsontext
from fhircase.fhir.jsontext import Json
from fhircase.mapping.context import Scope
from fhircase.mapping.grammar import SpecError
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.path import Path
from fhircase.mapping.selector import code_of, codings


class Constant(Rule):
    """A fixed value, written once when the resource is made."""

    called = "constant"
    carries: ClassVar[bool] = False

    def __init__(self, path: Path, value: Any, accepts: tuple[Any, ...] = (), *, recognises: bool = False) -> None:
        self.path = path
        self.value = value
        """A JSON value; None says that the value is unknown (data-absent-reason)."""
        self.accepts = accepts
        self.recognises = recognises

    def places(self) -> tuple[Path]:
        """The one place."""
        return (self.path,)

    def idle(self) -> bool:
        """Never: it is written without a value."""
        return False

    def holds(self, scope: Scope) -> bool:
        """Whether the resource says this, or something accepted in its stead."""
        return self.says(self.path.get(scope))

    def holds_in(self, resource: Json, scope: Callable[[], Scope]) -> bool:
        """The same of the resource that its path starts from, which seldom takes a whole scope."""
        return self.says(self.path.get_in(resource, scope))

    def says(self, found: Any) -> bool:
        """Whether what was found is the value, or one that is accepted in its stead."""
        if isinstance(found, dict):
            return any(code_of(coding) in self._codes for coding in codings(found))
        return found is not None and found in self._values

    @cached_property
    def _values(self) -> tuple[Any, ...]:
        return (self.value, *self.accepts)

    @cached_property
    def _codes(self) -> list[tuple[Any, Any]]:
        return [code_of(coding) for value in self._values for coding in codings(value)]

    def read(self, scope: Scope) -> None:
        """Nothing for the model; what is found is accounted for."""
        if scope.ctx.claims is None:
            return
        found = self.path.get(scope)
        if self.value is None:
            self.path.claim_unknown(scope)
        elif isinstance(found, dict):
            scope.ctx.claim_like(found, self.value, "constant")
        elif found == self.value:
            self.path.claim(scope, "constant")
        elif found in self.accepts:
            self.path.claim(scope, "normalised")

    def write(self, scope: Scope, value: Any) -> None:
        """Write it into a resource that is being made; never change one that exists."""
        if not self.path.fresh(scope) or self.path.find(scope) is not None:
            return
        if self.value is None:
            self.path.mark_unknown(scope)
        else:
            container, key = self.path.make(scope, leaf=True)
            container[key] = jsontext.copy(self.value)


def recognising(shape: Shape) -> list[Constant]:
    """The rules by which a kind of resource is known."""
    return [rule for rule in shape.rules.values() if isinstance(rule, Constant) and rule.recognises]


def concept(codes: list[tuple[str, str]]) -> Json:
    """A CodeableConcept with these codes."""
    return {"coding": [{"system": system, "code": code} for system, code in codes]}


def _constant(place: Place, spec: Mapping[str, Any]) -> Rule:
    path = place.path(spec["constant"])
    words = place.words

    def value(raw: Any) -> Any:
        if path.type != "CodeableConcept":
            return raw
        return concept([words.code(str(token)) for token in (raw if isinstance(raw, list) else [raw])])

    raw = spec["value"]
    fixed = None if raw == "unknown" and path.type != "code" else value(raw)
    if fixed is not None and not path.primitive and path.type != "CodeableConcept":
        raise SpecError(f"`{path.text}` is a {path.type}: a constant is a bare value, a CodeableConcept or unknown")
    accepts = tuple(value(other) for other in spec.get("accepts", ()))
    return Constant(path, fixed, accepts, recognises=bool(spec.get("recognises")))


KINDS = (Kind("constant", {"constant": "text", "value": "any", "accepts": "list?", "recognises": "flag?"}, _constant),)
