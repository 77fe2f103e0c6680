"""What every kind of rule can do, and a shape: the rules that make up one object."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from pydantic import BaseModel

from fhircase.errors import Problem
from fhircase.mapping.context import Misfit, Scope
from fhircase.mapping.grammar import SpecError
from fhircase.mapping.kinds.wellformed import says
from fhircase.mapping.path import Path
from fhircase.mapping.types import made

NOT_FHIR = "the resource is not valid FHIR here"


Copier = tuple[str, Callable[[Any], Any]]


class Rule(ABC):
    """One fact of the model and its places in the resource: read and written by the same definition."""

    called: str
    """What it is called before people."""
    carries: ClassVar[bool] = True
    """Whether it carries a field of the model; constants and the like do not."""

    fields: tuple[str, ...] = ()
    """The fields it carries together, where they are several; else it carries the one it is named for."""

    gives: frozenset[type] = frozenset()
    """The types of the bare values it reads, where its kind alone decides them."""

    merge: str = ""
    """Whose word counts where both sides have changed it; a person's if nothing is said."""

    order: tuple[tuple[str, ...], ...] = ()
    """The steps of a status's life, each with the words that stand beside each other in it."""

    name: str = ""
    """Where it is written: `care-plan.yaml:12 title`."""

    @abstractmethod
    def read(self, scope: Scope) -> Any:
        """The value in the model's terms, or None where the resource says nothing."""

    @abstractmethod
    def write(self, scope: Scope, value: Any) -> None:
        """Make the resource say the value, changing nothing where it says it already."""

    def idle(self) -> bool:
        """Whether writing nothing into a new resource changes nothing."""
        return True

    def name_here(self) -> str | None:
        """The one element of the object at hand that holds just the value, if that is all there is to the rule."""
        return None

    def copier(self) -> Copier | None:
        """The one element of a new object at hand that it writes, and how; None where it takes more than that."""
        return None

    @abstractmethod
    def places(self) -> Iterable[Path]:
        """The places it owns."""

    def value_type(self) -> Any:
        """What a custom field by this rule holds.

        Raises:
            SpecError: it is no value but something that belongs to a record as such.
        """
        what = "a custom field is a value: field, code, tags, flag, link, a named type, or a choice or list"
        raise SpecError(what, self.name.partition(" ")[0])


class Shape:
    """Rules that together are one object of the model."""

    def __init__(self, rules: dict[str, Rule], *, shared: bool = False, called: str = "") -> None:
        self.rules = rules
        self.called = called
        """The name of the type, when it has one."""
        self.shared = shared
        """Whether it is a type that many rules use: what its rules do is then done in the name of the rule around."""

    def value_type(self) -> type[BaseModel]:
        """The model of such an object, each of its fields as its rule says."""
        return made(self.called, {name: rule.value_type() for name, rule in self.rules.items() if rule.carries})

    def says(self, data: dict[str, Any]) -> bool:
        """Whether data that was read says anything."""
        return bool(data)

    @cached_property
    def fields(self) -> dict[str, Rule]:
        """The rule that carries each field of the model."""
        carrying = [(name, rule) for name, rule in self.rules.items() if rule.carries]
        return {field: rule for name, rule in carrying for field in rule.fields or (name,)}

    @cached_property
    def flat(self) -> dict[str, str] | None:
        """Element name by field, when the object is nothing but bare values, which can be copied."""
        names = {attribute: rule.name_here() for attribute, rule in self.rules.items()}
        return None if None in names.values() else names  # type: ignore[return-value]

    @cached_property
    def copy(self) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
        """Makes the whole object anew at once, when each of its rules writes just one element of it."""
        # A rule that is not idle has something to say without a value, too: that it is not known.
        idle = {field: rule for field, rule in self.rules.items() if rule.idle()}
        copiers = {field: copier for field, rule in idle.items() if (copier := rule.copier()) is not None}
        if len(copiers) < len(self.rules):
            return None

        def made(data: dict[str, Any]) -> dict[str, Any]:
            node = {}
            for field, value in data.items():
                name, make = copiers[field]
                node[name] = make(value)
            return node

        return made

    @cached_property
    def _plan(self) -> list[tuple[str, Rule, bool]]:
        return [(attribute, rule, rule.idle()) for attribute, rule in self.rules.items()]

    @cached_property
    def _silent(self) -> bool:
        return all(idle for _, _, idle in self._plan)

    def read(self, scope: Scope) -> dict[str, Any]:
        """The object's fields that the resource fills; problems are collected in the context."""
        data, ctx = {}, scope.ctx
        if self.flat is not None and ctx.claims is None:
            copied = self._copied(scope.here[0][scope.here[1]])
            if copied is not None:
                return copied
        around = ctx.rule
        for attribute, rule in self.rules.items():
            if not self.shared:
                ctx.rule = rule.name
            try:
                value = rule.read(scope)
            except Misfit as misfit:
                ctx.problems.append(Problem(str(misfit), _where(rule), ctx.rule, NOT_FHIR))
                continue
            if value is not None and rule.carries:
                data[attribute] = value
        ctx.rule = around
        return data

    def _copied(self, node: Any) -> dict[str, Any] | None:
        """The bare values, where there is nothing to say of any of them."""
        data: dict[str, Any] = {}
        for field, name in (self.flat or {}).items():
            value = node.get(name)
            if value is None:
                continue
            if isinstance(value, dict | list) or (isinstance(value, str) and not says(self._types[field], value)):
                return None
            data[field] = value
        return data

    @cached_property
    def _types(self) -> dict[str, str]:
        """FHIR's type by field."""
        return {field: next(iter(rule.places())).type for field, rule in self.rules.items()}

    def write(self, scope: Scope, data: dict[str, Any]) -> None:
        """Make the resource say each of the fields."""
        if scope.ctx.scratch:
            self._write_anew(scope, data)
            return
        for attribute, rule in self.rules.items():
            rule.write(scope, data.get(attribute))

    def _write_anew(self, scope: Scope, data: dict[str, Any]) -> None:
        if self.copy is not None:
            container, key = scope.here
            if container[key] is None:
                container[key] = {}
            container[key].update(self.copy(data))
            return
        if self._silent:
            for attribute, value in data.items():
                self.rules[attribute].write(scope, value)
            return
        for attribute, rule, idle in self._plan:
            value = data.get(attribute)
            if value is not None or not idle:
                rule.write(scope, value)


class Gathered(Shape):
    """A shape in which a rule can carry several fields together, or know a value that means nothing."""

    def says(self, data: dict[str, Any]) -> bool:
        """Whether any field has another value than the one that means nothing."""
        return any(value != getattr(self.fields.get(name), "empty", None) for name, value in data.items())

    def read(self, scope: Scope) -> dict[str, Any]:
        """The fields, those of one rule beside the others."""
        data: dict[str, Any] = {}
        for name, value in super().read(scope).items():
            data.update(value if self.rules[name].fields else {name: value})
        return data

    def write(self, scope: Scope, data: dict[str, Any]) -> None:
        """Give each rule its field or fields."""
        gathered: dict[str, Any] = {}
        for name, rule in self.rules.items():
            if not rule.fields:
                value = data.get(name)
            else:
                value = {field: data[field] for field in rule.fields if field in data} or None
            if value is not None:
                gathered[name] = value
        super().write(scope, gathered)


def _where(rule: Rule) -> str:
    return next((path.text for path in rule.places()), "")


_LISTS = (list, tuple)
_NONE = object()


def alike(one: Any, other: Any) -> bool:
    """Equal to the last digit: 72.5 is not 72.50, and true is not 1."""
    if one is other:
        return True
    if one.__class__ is str:
        return bool(one == other)
    if isinstance(one, dict):
        return isinstance(other, dict) and len(one) == len(other) and _same_items(one, other)
    if isinstance(one, _LISTS):
        return isinstance(other, _LISTS) and len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return one.as_tuple() == other.as_tuple()
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _same_items(one: dict[Any, Any], other: dict[Any, Any]) -> bool:
    for name, value in one.items():
        known = other.get(name, _NONE)
        # Mostly one is a copy of the other, whose texts are the very same: asking for that first is the quick way.
        if value is not known and not alike(value, known):
            return False
    return True
