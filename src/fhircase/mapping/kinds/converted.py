"""What `date`, `number` and `answer` have in common: one bare value, written otherwise in the model than in FHIR."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from fhircase.mapping.context import Misfit, Scope
from fhircase.mapping.kinds.rule import Rule, alike
from fhircase.mapping.path import Path


class Unsayable(ValueError):
    """A value of the model is not of the form that the rule declares; the message says which form that is."""


class Converted(Rule):
    """One bare value at one place, by two functions that are each other's inverse."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def said(self, value: Any) -> Any:
        """The FHIR value; raises Unsayable."""

    @abstractmethod
    def told(self, value: Any) -> Any:
        """The model's value, or None where the FHIR value cannot be told in its form."""

    def exact(self, told: Any, value: Any) -> bool:
        """Whether the FHIR value is what would be written."""
        return alike(self.said(told), value)

    def places(self) -> Sequence[Path]:
        """The one place."""
        return (self.path,)

    def idle(self) -> bool:
        """Unless FHIR requires a value."""
        return not self.path.required

    def read(self, scope: Scope) -> Any:
        """The model's value; what its form cannot tell is left where it is, and that is remarked."""
        value = self.path.get(scope) if self.path.present(scope) else None
        if value is None:
            self.path.claim_unknown(scope)
            return None
        if isinstance(value, dict | list):
            raise Misfit(f"a plain {self.path.type} was expected at `{self.path.text}`")
        told = self.told(value)
        if told is None:
            scope.ctx.remark(
                "it cannot be told in the form that the record has for it; it is left as it is", self.path.text
            )
        elif scope.ctx.claims is not None:
            self.path.claim(scope, "carried" if self.exact(told, value) else "normalised")
        return told

    def write(self, scope: Scope, value: Any) -> None:
        """Set, change or remove the value; what is no value of the declared form is refused."""
        current = self.read(scope) if not scope.ctx.scratch else None
        if alike(current, value):
            if value is None and self.path.fresh(scope):
                self.path.mark_unknown(scope)
            return
        if value is None:
            self.path.drop(scope)
            return
        try:
            self.path.put(scope, self.said(value))
        except Unsayable as error:
            scope.ctx.refuse(str(error), self)
