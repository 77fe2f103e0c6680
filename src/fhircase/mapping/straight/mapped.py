"""One mapping in straight lines: functions generated from its rules when they are first used."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from fhircase.mapping.context import Scope
from fhircase.mapping.kinds.related import Via
from fhircase.mapping.kinds.rule import Shape
from fhircase.mapping.straight.held import Held
from fhircase.mapping.straight.readings import readers
from fhircase.mapping.straight.source import Module
from fhircase.mapping.straight.writer import Makers, Writer
from fhircase.mapping.straight.written import TOTAL, WRITTEN


@dataclass(frozen=True)
class Straight:
    """The rules of a mapping, as functions."""

    name: str
    model: type[BaseModel]
    shape: Shape
    vias: Sequence[Via]
    roles: Sequence[str]
    """The record's own."""
    always: Sequence[str]
    """Roles whose resources are made before anything is written."""

    @cached_property
    def write(self) -> Callable[[Scope, dict[str, Any]], None]:
        """Writes all rules once, where nothing but the resources of `always` is there: the attributes of a record.

        Raises:
            Unusual: the rules themselves have to tell what they cannot say.
        """
        module = Module(f"{self.name} written")
        makers = Makers(module, WRITTEN, TOTAL)
        writer = Writer(makers, Held(self.model), certain=self.always, scoped=True)
        for path in (path for via in self.vias for path in via.places()):
            writer.note(path)
        name = makers.fill(writer, self.shape, "scope, d")
        function: Callable[[Scope, dict[str, Any]], None] = module.run()[name]
        return function

    @cached_property
    def read(self) -> Callable[[Scope], dict[str, Any]]:
        """Reads all rules; the ids of the record and of its items are told, and nothing is accounted for.

        Raises:
            Unusual: the rules themselves have to look at it.
        """
        return self._reading("read", tracing=False)

    @cached_property
    def trace(self) -> Callable[[Scope], dict[str, Any]]:
        """As `read`, and accounts for each scalar that it reads, as the rules do.

        Raises:
            Unusual: the rules themselves have to look at it.
        """
        return self._reading("traced", tracing=True)

    def _reading(self, word: str, *, tracing: bool) -> Callable[[Scope], dict[str, Any]]:
        module = Module(f"{self.name} {word}")
        made = readers(module, tracing=tracing)
        certain = self.roles if len(self.roles) == 1 else ()
        name = made.function(made.reader(made, certain=certain, scoped=True), self.shape, "scope")
        function: Callable[[Scope], dict[str, Any]] = module.run()[name]
        return function
