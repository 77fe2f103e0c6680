"""`constant`: what a resource always says when we make it; with `recognises` it is how such a resource is known."""

from collections.abc import Mapping
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
        return recognises(self.path.get(scope), (self.value, *self.accepts))

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


def recognised(shape: Shape, scope: Scope) -> bool:
    """Whether a resource says everything by which its kind is known."""
    return all(rule.holds(scope) for rule in shape.rules.values() if isinstance(rule, Constant) and rule.recognises)


def recognises(found: Any, wanted: tuple[Any, ...]) -> bool:
    """Whether what was found says one of the values wanted."""
    return any(_says(found, each) for each in wanted)


def concept(codes: list[tuple[str, str]]) -> Json:
    """A CodeableConcept with these codes."""
    return {"coding": [{"system": system, "code": code} for system, code in codes]}


def _says(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(found, dict):
        there = [code_of(coding) for coding in codings(found)]
        return any(code_of(coding) in there for coding in codings(wanted))
    return bool(wanted is not None and found == wanted)


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
