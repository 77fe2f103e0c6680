"""A mapping file while it is drafted: its rules with a mark each, its tables, and what a person has to decide."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

SURE, LIKELY, UNSURE, NEEDED = "sure", "likely", "unsure", "needed"
UNDECIDED = "to be decided"


@dataclass
class Rule:
    """One rule, and why it stands there."""

    spec: dict[str, Any]
    """Its words; rules inside it stand by name under `each` or `group`."""
    mark: str
    """How sure it is: one of the four words above."""
    why: str = ""
    asks: list[str] = field(default_factory=list)
    """What of it a person has to decide."""
    places: frozenset[str] = frozenset()
    """The elements that it is a guess for."""

    def inside(self) -> Iterator["tuple[str, Rule]"]:
        """The rules inside it, with their names."""
        for word in ("each", "group"):
            inner = self.spec.get(word)
            if isinstance(inner, Mapping):
                yield from inner.items()


@dataclass
class Table:
    """One code table."""

    rows: list[tuple[list[str], str]]
    """Each with how sure it is."""
    refuses: list[str] = field(default_factory=list)
    """Codes that no value says."""
    newer: "Table | None" = None
    """What it is in R5, where that is another."""
    unsaid: list[str] = field(default_factory=list)
    """Values that no code says."""

    @property
    def as_they_are(self) -> bool:
        """Whether each value says itself."""
        return all(value == code and mark == SURE for (value, code), mark in self.rows)

    @property
    def both(self) -> "list[Table]":
        """It, and what it is in R5."""
        return [self, *([self.newer] if self.newer else [])]


@dataclass
class Resource:
    """One of the resources that a record is."""

    type: str
    via: dict[str, Any] = field(default_factory=dict)
    """The words that say how it is found."""
    why: str = ""


@dataclass
class Draft:
    """All sections of a mapping file."""

    name: str
    bound: tuple[str, str]
    """`model` or `schema`, and which."""
    namespace: str
    """The beginning of every URI that is made up."""
    resources: dict[str, Resource] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    systems: dict[str, str] = field(default_factory=dict)
    extensions: dict[str, str] = field(default_factory=dict)
    lacks: dict[str, str] = field(default_factory=dict)
    """Fields without a rule, and what was found out about each."""
    asks: list[str] = field(default_factory=list)
    """What has to be decided of the whole."""

    @property
    def sections(self) -> "tuple[dict[str, Any], ...]":
        """What is declared by name."""
        return self.resources, self.tables, self.systems, self.extensions, self.lacks

    def uri(self, name: str) -> str:
        """A URI of theirs, made up."""
        return f"{self.namespace.rstrip('/')}/{name}"

    def extension(self, alias: str) -> str:
        """The short name of an extension of theirs, declared."""
        self.extensions[alias] = self.uri(alias)
        return alias

    def system(self, alias: str) -> str:
        """The short name of a system of theirs, declared."""
        self.systems[alias] = self.uri(alias)
        return alias

    def table(self, alias: str, table: Table) -> str:
        """The name under which a table is kept; equal tables are kept once."""
        name, number = alias, 1
        while name in self.tables and self.tables[name] != table:
            number += 1
            name = f"{alias}-{number}"
        self.tables[name] = table
        return name
