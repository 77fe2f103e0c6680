"""`empty:`, a word of several kinds: the value of the model that means nothing, such as `''`, 0 or `9999`."""

from collections.abc import Iterable
from typing import Any

from fhircase.mapping.context import Scope
from fhircase.mapping.kinds.rule import Rule, alike
from fhircase.mapping.path import Path


class Empty(Rule):
    """A rule whose field is never None: one of its values stands for that."""

    def __init__(self, inner: Rule, empty: Any) -> None:
        self.inner = inner
        self.empty = empty
        self.called = inner.called

    def places(self) -> Iterable[Path]:
        """Those of the rule."""
        return self.inner.places()

    def idle(self) -> bool:
        """When the rule is."""
        return self.inner.idle()

    def read(self, scope: Scope) -> Any:
        """What the rule reads, or the value that means nothing."""
        found = self.inner.read(scope)
        return self.empty if found is None else found

    def write(self, scope: Scope, value: Any) -> None:
        """Write nothing for the value that means nothing."""
        self.inner.write(scope, None if alike(value, self.empty) else value)
