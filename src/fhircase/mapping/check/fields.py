"""Every field of the model has a rule and every rule a field that can take what it reads."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from fhircase.errors import Problem
from fhircase.mapping.check.walk import problem
from fhircase.mapping.custom import CUSTOM
from fhircase.mapping.grammar import near
from fhircase.mapping.kinds.choice import Choice
from fhircase.mapping.kinds.code import UNSPECIFIED, Code
from fhircase.mapping.kinds.empty import Empty
from fhircase.mapping.kinds.field import Field
from fhircase.mapping.kinds.flag import Flag
from fhircase.mapping.kinds.listing import Listing
from fhircase.mapping.kinds.node import Group, Node
from fhircase.mapping.kinds.refers import Refers
from fhircase.mapping.kinds.related import Related
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.kinds.tags import Tags
from fhircase.mapping.models.described import Attribute, Described
from fhircase.mapping.models.fitting import text
from fhircase.model.custom import is_local

# What of ours stands outside the records of their own carries no `id`, what stands inside no `key` and `client`.
OWN = frozenset({"id"})
_INSIDE = frozenset({"key", "client"})
# As what a bare FHIR value is read, where not as text; and what else takes it.
_BARE: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "decimal": (Decimal, float),
    "integer": (int,),
    "positiveInt": (int,),
    "unsignedInt": (int,),
    "integer64": (int,),
    "date": (str, date),
    "dateTime": (str, datetime, date),
    "instant": (str, datetime),
    "time": (str, time),
}


@dataclass(frozen=True, slots=True)
class Fields:
    """Whether the fields of a model and the rules agree."""

    ours: bool

    def problems(
        self,
        shape: Shape,
        model: Described,
        exempt: frozenset[str],
        at: str,
        way: str = "",
        known: AbstractSet[str] = frozenset(),
    ) -> Iterator[Problem]:
        """What is wrong with the rules of one object, apart from fields that are known to be carried."""
        # A site's overlay names and types what is in `custom`.
        own = {CUSTOM} if self.ours else set()
        for name in [name for name in model.fields if name not in shape.fields.keys() | known | own]:
            if f"{way}{name}" not in exempt:
                hint = "add one, in every FHIR version" + ("" if self.ours else ", or give the reason under `lacks`")
                yield problem(at, f"field `{name}` of {model.name} has no rule", hint)
            elif not self.ours and model.fields[name].required:
                what = f"field `{name}` of {model.name} is required and not carried: none can be read"
                yield problem(at, what, "add a rule, or give the field a default")
        yield from _doubled(shape)
        for name, rule in shape.fields.items():
            if name in own:
                continue
            if name not in model.fields:
                hint = f"its fields: {', '.join(field for field in model.fields if field not in own)}"
                yield problem(rule.name, f"{model.name} has no field `{name}`{near(name, model.fields)}", hint)
            else:
                yield from self._field(rule, model.fields[name], exempt, f"{way}{name}.")

    def _field(self, rule: Rule, field: Attribute, exempt: frozenset[str], way: str) -> Iterator[Problem]:
        empty = rule if isinstance(rule, Empty) else None
        if isinstance(rule, Empty):
            yield from _empty(rule, field)
            rule = rule.inner
        yield from _plural(rule, field)
        if isinstance(rule, Code | Tags):
            yield from _enum(rule, field, empty)
            return
        if rule.gives and field.takes.isdisjoint(rule.gives) and not field.open:
            kinds = " or ".join(sorted(kind.__name__ for kind in rule.gives))
            what = f"the rule reads {kinds}, and the field takes {' or '.join(field.names) or 'nothing of it'}"
            yield problem(rule.name, what)
        if isinstance(rule, Field | Flag):
            yield from _bare(rule, field)
        for inner in _inner(rule):
            able = [each for each in field.objects if each.fields.keys() >= inner.fields.keys()]
            for model in field.objects[:1] if len(field.objects) == 1 else able:
                own = {rule.key} if isinstance(rule, Related) else set()
                if self.ours:
                    yield from self.problems(inner, model, _INSIDE | own, rule.name)
                else:
                    yield from self.problems(inner, model, exempt, rule.name, way, own)


def _bare(rule: Field | Flag, field: Attribute) -> Iterator[Problem]:
    fhir = rule.path.type if isinstance(rule, Field) else "boolean"
    kinds = _BARE.get(fhir, (str,))
    if not field.open and field.takes.isdisjoint(kinds):
        what = f"`{rule.path.text}` is a {fhir}, and the field takes {' or '.join(field.names)}"
        yield problem(rule.name, what, f"a {fhir} is read as {kinds[0].__name__}")


def _plural(rule: Rule, field: Attribute) -> Iterator[Problem]:
    """A list into a field for one value, or one value into a list."""
    listed = isinstance(rule, Listing | Related) or (isinstance(rule, Refers) and not rule.one)
    if field.open:
        return
    if listed and not field.many:
        yield problem(rule.name, "the rule reads a list, and the field takes one value", "read one, or make it a list")
    elif not listed and not field.alone:
        what = "the rule reads one value, and the field takes a list"
        yield problem(rule.name, what, "let a list say it: `{list: ..., items: {...}}` or `{list: ..., each: ...}`")


def _doubled(shape: Shape) -> Iterator[Problem]:
    """Fields that a rule carries together with others, and another rule too."""
    for name, rule in shape.rules.items():
        for field in rule.fields:
            other = shape.fields[field]
            if other is not rule or (field in shape.rules and field != name):
                hint = f"the other: {shape.rules.get(field, other).name}"
                yield problem(rule.name, f"field `{field}` is carried by two rules", hint)


def _empty(rule: Empty, field: Attribute) -> Iterator[Problem]:
    if field.nullable:
        what = f"`empty: {rule.empty!r}` means nothing, and so does None, which the field takes too"
        yield problem(rule.name, what, "both would be written alike: leave one of them out")
    elif type(rule.empty) not in field.takes and not field.open:
        yield problem(rule.name, f"`empty: {rule.empty!r}` is no value that the field takes")


def _enum(rule: Code | Tags, field: Attribute, empty: Empty | None) -> Iterator[Problem]:
    rows = set(rule.table.rows) | rule.table.lacks if isinstance(rule, Code) else set(rule.written)
    if not field.values and (field.open or field.takes):
        return
    for value in sorted(set(field.values) - rows - {UNSPECIFIED, text(getattr(empty, "empty", UNSPECIFIED))}):
        yield problem(rule.name, f"the table has no row for `{value}`", "every value of the model needs one")
    for value in sorted(rows - set(field.values)):
        if not (field.local and is_local(value)):
            what = f"the table has a row for `{value}`, which the model does not know{near(value, field.values)}"
            yield problem(rule.name, what, f"a value of your own is written `local:{value}`" if field.local else "")


def _inner(rule: Rule) -> Iterator[Shape]:
    if isinstance(rule, Node | Group | Related):
        yield rule.shape
    elif isinstance(rule, Listing):
        if isinstance(rule.each, Shape):
            yield rule.each
    elif isinstance(rule, Choice):
        for _, alternative in rule.alternatives:
            yield from _inner(alternative)
