"""`verdict`: permit or deny, said of terms, where FHIR says what holds beyond them.

R5's Consent.decision is the default, and a provision the exception to it: what is permitted within the provision's
terms is denied by default. Without a provision the default is all there is. What is written has a provision always,
with the verdict in it in so many words, so that the default does not change when the first term is added.
Source: https://hl7.org/fhir/R5/consent-definitions.html#Consent.decision
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fhircase.errors import Problem
from fhircase.mapping.context import Scope
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule
from fhircase.mapping.path import Path

_OTHER = {"permit": "deny", "deny": "permit"}


class Verdict(Rule):
    """Permit or deny."""

    called = "permit or deny"

    def __init__(self, path: Path, terms: Path, exact: Path) -> None:
        self.path = path
        self.terms = terms
        self.exact = exact

    def places(self) -> Sequence[Path]:
        """The default, and the verdict in so many words."""
        return (self.path, self.exact)

    def read(self, scope: Scope) -> str | None:
        """What holds within the terms; where there are none, the default."""
        default = self.path.get(scope) if self.path.present(scope) else None
        if default is None:
            self.path.claim_unknown(scope)
            return None
        if not isinstance(default, str) or default not in _OTHER:
            hint = f"known: {', '.join(_OTHER)}"
            scope.ctx.problems.append(Problem("unknown decision", self.path.text, scope.ctx.rule, hint))
            return None
        bounded = self.terms.find(scope) is not None
        self.path.claim(scope, "normalised" if bounded else "carried")
        verdict = _OTHER[default] if bounded else default
        said = self.exact.get(scope)
        if said == verdict:
            self.exact.claim(scope, "normalised")
        elif said is not None:
            scope.ctx.remark("it disagrees with the decision, to which a provision is the exception", self.exact.text)
        return verdict

    def write(self, scope: Scope, value: Any) -> None:
        """Say the verdict of the terms, and its opposite as the default."""
        if value in (None, "unspecified"):
            for path in (self.path, self.exact):
                if path.present(scope) and path.find(scope) is not None:
                    path.drop(scope)
        elif scope.ctx.scratch or self.read(scope) != value:
            self.exact.put(scope, value)
            self.path.put(scope, _OTHER[value])


def _verdict(place: Place, spec: Mapping[str, Any]) -> Rule:
    return Verdict(*(place.path(spec[word]) for word in ("verdict", "terms", "exact")))


KINDS = (Kind("verdict", {"verdict": "text", "terms": "text", "exact": "text"}, _verdict),)
