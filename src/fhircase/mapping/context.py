"""What a rule sees while it reads or writes: the resources by role, the element at hand, and what was noticed."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from uuid import UUID, uuid5

from fhircase.errors import Problem
from fhircase.fhir.jsontext import Json
from fhircase.mapping.index import Index

if TYPE_CHECKING:
    from fhircase.mapping.kinds.rule import Rule

Fate = Literal["carried", "normalised", "constant", "leftover"]

_BOXES = (dict, list)

ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def absent_marker() -> Json:
    """What stands in a required element whose value is not known (FHIR: data-absent-reason)."""
    return {"extension": [{"url": ABSENT_REASON, "valueCode": "unknown"}]}


_MARKER = absent_marker()

_URN_SPACE = UUID("6f0c3e4e-0b6b-5d5e-9d5e-6d1f6c8a7f10")


class Misfit(Exception):
    """The JSON has another shape than FHIR gives this element."""


class Claim(NamedTuple):
    """What became of one scalar, and by which rule."""

    fate: Fate
    rule: str
    row: str = ""
    """The row of the code table, where one was looked up."""


# There are few, and each is said of many scalars.
_claimed = lru_cache(maxsize=4096)(Claim)


class Claims(defaultdict[Any, dict[int, Claim]]):
    """What became of each scalar: by its name or place in what holds it, and by the id of that."""

    def __init__(self) -> None:
        super().__init__(dict)

    def add_all(self, node: Any, claim: Claim) -> None:
        """Of every scalar in a node."""
        around = id(node)
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            if value.__class__ is not str and isinstance(value, _BOXES):
                self.add_all(value, claim)
            else:
                self[key].setdefault(around, claim)

    def add_coding(self, concept: Any, system: str, code: str, claim: Claim) -> None:
        """Of the first coding of a concept that has a code."""
        found = concept.get("coding") if isinstance(concept, dict) else None
        for coding in found if isinstance(found, list) else ():
            if isinstance(coding, dict) and coding.get("code") == code and coding.get("system") == system:
                self["system"].setdefault(id(coding), claim)
                self["code"].setdefault(id(coding), claim)
                return

    def add_marker(self, node: Json, name: str, claim: Claim) -> None:
        """Of what marks an element as unknown (`absent_marker`)."""
        for marked in (node.get(f"_{name}"), node.get(name)):
            marker = marked[0] if isinstance(marked, list) and marked else marked
            if isinstance(marker, dict) and marker == _MARKER:
                extension = id(marker["extension"][0])
                self["url"].setdefault(extension, claim)
                self["valueCode"].setdefault(extension, claim)


@lru_cache(maxsize=4096)
def urn(kind: str, namespace: str, value: str, role: str) -> str:
    """The temporary id of a record's resource: the same each time, for the same record and role."""
    return str(uuid5(_URN_SPACE, f"{kind}|{namespace}|{value}|{role}"))


@dataclass(slots=True)
class Context:
    """One reading or writing of one record."""

    version: str
    resources: list[Json]
    index: Index
    """Finds the resource that a Reference means."""
    known: dict[str, dict[str, str]] = field(default_factory=dict)
    """Record keys by server reference."""
    server: str = ""
    key: dict[str, str] = field(default_factory=dict)
    """The record's key."""
    fresh: set[int] = field(default_factory=set)
    """Ids of the objects made in this write."""
    keep: list[Any] = field(default_factory=list)
    """Keeps the fresh objects alive, so that their ids stay theirs."""
    touched: set[tuple[int, str]] = field(default_factory=set)
    """(id of a resource or element, name): places written to."""
    roles: dict[int, str] = field(default_factory=dict)
    """Role by id of the resource."""
    players: list[Json] = field(default_factory=list)
    """The resources that have a role."""
    items: dict[tuple[str, str], Json] = field(default_factory=dict)
    """Resource by (list, item id)."""
    item_ids: dict[int, tuple[str, str]] = field(default_factory=dict)
    """(list, item id) by id of the resource."""
    problems: list[Problem] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)
    """What a record holds and its rules cannot say."""
    joins: dict[str, Callable[["Scope"], None]] = field(default_factory=dict)
    """What makes the references to a single resource, by its role; called as soon as it is made."""
    claims: Claims | None = None
    scratch: bool = False
    """Whether all is written anew, so that there is nothing to read, compare or keep."""
    rule: str = ""

    def find(self, reference: Any, around: Json | None) -> Json | None:
        """The resource that a Reference means, if it is at hand."""
        return self.index.find(reference, around)

    def cast(self, resource: Json, role: str) -> None:
        """Give a resource its role in the record."""
        if id(resource) not in self.roles:
            self.players.append(resource)
        self.roles[id(resource)] = role

    def made(self, value: Json) -> Json:
        """Note that an object was made here."""
        if self.scratch:
            return value
        return self.note(value)

    def note(self, value: Json) -> Json:
        """Note it even where all is made anew: a resource, which later rules ask about."""
        self.fresh.add(id(value))
        self.keep.append(value)
        return value

    def claim(self, container: Any, key: Any, how: Fate, row: str = "") -> None:
        """Say what became of one scalar; the first to say so is believed."""
        if self.claims is not None:
            self.claims[key].setdefault(id(container), _claimed(how, self.rule, row))

    def claim_all(self, node: Any, how: Fate) -> None:
        """Say it of every scalar in a node."""
        if self.claims is not None:
            self.claims.add_all(node, _claimed(how, self.rule))

    def claim_coding(self, concept: Any, system: str, code: str) -> None:
        """Say that the first coding of a concept that has a code is constant."""
        if self.claims is not None:
            self.claims.add_coding(concept, system, code, _claimed("constant", self.rule))

    def claim_marker(self, node: Json, name: str) -> None:
        """Say that what marks an element as unknown was read as such."""
        if self.claims is not None:
            self.claims.add_marker(node, name, _claimed("constant", self.rule))

    def claim_like(self, node: Any, pattern: Any, how: Fate) -> None:
        """Say it of every scalar that a pattern has too."""
        if self.claims is None:
            return
        if isinstance(pattern, dict) and isinstance(node, dict):
            for key, wanted in pattern.items():
                if isinstance(wanted, _BOXES):
                    self.claim_like(node.get(key), wanted, how)
                elif node.get(key) == wanted:
                    self.claim(node, key, how)
        elif isinstance(pattern, list) and isinstance(node, list):
            for wanted in pattern:
                for item in node:
                    if _covers(item, wanted):
                        self.claim_like(item, wanted, how)
                        break

    def refuse(self, what: str, rule: "Rule") -> None:
        """Note that a value of the record cannot be said; then nothing of the record is written."""
        place = next((path.text for path in rule.places()), "")
        self.refused.append(Problem(what, place, rule.name, "correct the record, or the rule"))

    def remark(self, what: str, path: str) -> None:
        """Note something worth telling that does not stop the reading."""
        self.remarks.append(Problem(what, path, self.rule))


def _covers(item: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(item, dict) and all(_covers(item.get(k), v) for k, v in wanted.items())
    if isinstance(wanted, list):
        return isinstance(item, list) and all(any(_covers(i, w) for i in item) for w in wanted)
    return bool(item == wanted)


@dataclass(slots=True)
class Scope:
    """Where rules stand: the resources by role, the element at hand, and the item's place in the record."""

    ctx: Context
    nodes: dict[str, Json | None]
    here: tuple[Any, Any] = ((), 0)
    """Container and key of the element at hand."""
    types: dict[str, str] = field(default_factory=dict)
    """Resource type by role."""
    part: str = ""
    """Ids of the items around, joined: `o1` or `o1:x1`."""
    root: Json | None = None
    """The resource that the element at hand stands in."""

    def base(self, role: str) -> tuple[Any, Any]:
        """Container and key of a role's resource, or of the element at hand."""
        return (self.nodes, role) if role else self.here

    def ensure(self, role: str) -> tuple[Any, Any]:
        """As `base`, and the resource is made when it is not there."""
        if role and self.nodes.get(role) is None:
            self.nodes[role] = self.create(role, self.types[role])
            if role in self.ctx.joins:
                self.ctx.joins[role](self)
        return self.base(role)

    def create(self, role: str, kind: str) -> Json:
        """A new resource of this record, with its temporary id."""
        name = f"{role}:{self.part}" if self.part else role
        key = self.ctx.key
        made = self.ctx.note({"resourceType": kind, "id": urn(key["kind"], key["namespace"], key["value"], name)})
        self.ctx.resources.append(made)
        self.ctx.index.add(made)
        self.ctx.cast(made, name)
        return made

    def inner(self, here: tuple[Any, Any], root: Json | None = None) -> "Scope":
        """The same scope standing at another element."""
        return Scope(self.ctx, self.nodes, here, self.types, self.part, root if root is not None else self.root)
