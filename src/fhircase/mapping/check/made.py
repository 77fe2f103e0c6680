"""The objects that a mapping makes (resources, elements of lists, values of named types), and what it fills in each."""

from dataclasses import dataclass, field

from fhircase.mapping.check.bound import bound
from fhircase.mapping.check.walk import Checked, related
from fhircase.mapping.kinds.choice import Choice
from fhircase.mapping.kinds.code import UNSPECIFIED, Code
from fhircase.mapping.kinds.columns import Columns
from fhircase.mapping.kinds.constant import Constant
from fhircase.mapping.kinds.day import Day
from fhircase.mapping.kinds.empty import Empty
from fhircase.mapping.kinds.field import Field
from fhircase.mapping.kinds.flag import Flag
from fhircase.mapping.kinds.identity import ItemKey, RecordKey
from fhircase.mapping.kinds.linked import Linked
from fhircase.mapping.kinds.listing import ContainedListing, Listing
from fhircase.mapping.kinds.mirrored import Mirrored
from fhircase.mapping.kinds.needed import Needed
from fhircase.mapping.kinds.node import Group, Node
from fhircase.mapping.kinds.refer import Refer
from fhircase.mapping.kinds.related import Forward, Related, Reverse
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.kinds.same import Same
from fhircase.mapping.kinds.split import Split
from fhircase.mapping.kinds.tags import Tags
from fhircase.mapping.kinds.words import Words
from fhircase.mapping.models.described import Attribute
from fhircase.mapping.path import Path
from fhircase.mapping.selector import Test


@dataclass(frozen=True, slots=True)
class Fill:
    """A place in an object that a rule writes to."""

    rule: Rule
    path: Path
    always: bool
    """Whether it says something in each object that is made, were it only that nothing is known."""


@dataclass(slots=True)
class Made:
    """An object that the mapping makes."""

    type: str
    """Under which name FHIR's tables list its elements."""
    at: str
    """The rule that makes it, `file:line way`."""
    role: str = ""
    """The role of a resource; empty for an element and a value."""
    tests: tuple[Test, ...] = ()
    """What an element meets as soon as it is made, by the selector of its list."""
    fills: list[Fill] = field(default_factory=list)


def made(of: Checked) -> list[Made]:
    """Every object that the rules of a record make."""
    return _Walk(of).made


class _Walk:
    def __init__(self, of: Checked) -> None:
        at = {**of.at, **{rule.role: rule.name for rule in related(of.shape)}}
        self._of = of
        self._roles = {role: Made(kind, at.get(role, of.at[""]), role) for role, kind in of.types.items()}
        self.made = list(self._roles.values())
        fields = list(bound(of.shape, of.model.described))
        emptied = {id(rule.inner) for rule, _ in fields if isinstance(rule, Empty)}
        self._filled = {id(rule) for rule, each in fields if _given(rule, each)} - emptied
        self._types: set[int] = set()
        self._shape(of.shape, None)

    def _shape(self, shape: Shape, here: Made | None) -> None:
        for rule in shape.rules.values():
            self._rule(rule, here)

    def _rule(self, rule: Rule, here: Made | None, *, chosen: bool = False, given: bool = False) -> None:
        given = given or id(rule) in self._filled
        match rule:
            case Empty():
                self._rule(rule.inner, here, given=given)
            case Group():
                if not given:  # What a record always says in an object, it says only where the object is there.
                    self._filled -= {id(each) for each in rule.shape.rules.values()}
                self._shape(rule.shape, here)
            case Mirrored():
                for each in rule.rules:
                    self._rule(each, here, given=given)
            case Choice():
                for _, each in rule.alternatives:
                    self._rule(each, here, chosen=True, given=given)
            case Split():
                self._rule(rule.listing, here, given=given)
            case _:
                for path in rule.places():
                    self._place(rule, path, here, always=given or (not chosen and self._always(rule, path)))
                self._inside(rule, here)

    def _place(self, rule: Rule, path: Path, here: Made | None, *, always: bool) -> None:
        there = self._roles.get(path.role) if path.role else here
        if there is not None and path.steps:
            there.fills.append(Fill(rule, path, always))

    def _always(self, rule: Rule, path: Path) -> bool:
        match rule:
            case Code():
                row = rule.table.rows.get(UNSPECIFIED, ())
                return path.required or any(row[at] for at, each in enumerate(rule.paths) if each is path and row)
            case Needed():
                return path is rule.paths[0]
            case Day() | Words() | Same():
                return path is rule.path and path.required
            case Refer():
                return rule.role in self._of.always
            case Constant() | ItemKey() | RecordKey() | Reverse():
                return True
        return not rule.idle()

    def _inside(self, rule: Rule, here: Made | None) -> None:
        """What a rule makes at its place: an object of a type, or the elements of a list."""
        match rule:
            case ContainedListing():
                self._new(Made(rule.kind, rule.name), rule.each)
            case Forward():
                element = Made(rule.path.inside, rule.name, tests=_tests(rule.path))
                self._place(rule, rule.at, element, always=True)
                self._new(element, rule.shape)
            case Related():
                self._shape(rule.shape, here)
            case Node():
                self._new(Made(rule.path.inside, rule.name, tests=_tests(rule.path)), rule.shape)
            case Listing(below="") | Columns():
                self._new(Made(rule.path.inside, rule.name, tests=_tests(rule.path)), rule.each)
        if isinstance(rule, Related):
            for path in rule.id.places():
                self._place(rule.id, path, None, always=True)

    def _new(self, here: Made, each: Rule | Shape) -> None:
        """An object by its own rules; those of a named type are the same wherever it stands."""
        if isinstance(each, Shape) and each.shared:
            if id(each) in self._types:
                return
            self._types.add(id(each))
        self.made.append(here)
        if isinstance(each, Shape):
            self._shape(each, here)
        else:
            self._rule(each, here)


def _tests(path: Path) -> tuple[Test, ...]:
    return path.steps[-1].tests if path.steps else ()


def _given(rule: Rule, field: Attribute) -> bool:
    """Whether a record says something of a field always, and the rule writes something for whatever it says."""
    if not field.required or field.nullable or field.many or isinstance(rule, Flag | Empty | Linked):
        return False
    if isinstance(rule, Field) and rule.absent is not None:
        return False
    if isinstance(rule, Code):
        return all(all(row) for row in rule.table.rows.values())
    return all(rule.written.values()) if isinstance(rule, Tags) else True
