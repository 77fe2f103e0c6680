"""Codes that were met in resources and that no code table knows, counted: what a mapping has to learn next."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from fhircase.errors import NoRow, Problem

EXAMPLES = 3
"""How many of the resources with a code are named."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A row that a code table lacks."""

    table: str
    code: str
    place: str
    """The element, in the mapping's words."""
    records: int
    """How many records could not be read for it."""
    times: int
    examples: tuple[str, ...]
    """Some of the resources, by what they are called where they were found; never what is in them."""


class Worklist:
    """The rows that code tables lack, counted as resources are read."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], Unknown] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, name: str, problems: Iterable[Problem]) -> None:
        """Count the codes for which one record could not be read."""
        counts = Counter((each.table, each.code, each.path) for each in problems if isinstance(each, NoRow))
        for which, times in counts.items():
            self._count(Unknown(*which, 1, times, (name,)))

    def update(self, other: "Worklist") -> None:
        """Count in what was found elsewhere."""
        for each in other._found.values():  # noqa: SLF001 - its own kind
            self._count(each)

    def _count(self, more: Unknown) -> None:
        which = more.table, more.code, more.place
        known = self._found.get(which)
        if known is None:
            self._found[which] = more
            return
        examples = tuple(dict.fromkeys([*known.examples, *more.examples]))[:EXAMPLES]
        self._found[which] = Unknown(*which, known.records + more.records, known.times + more.times, examples)

    def rows(self) -> list[Unknown]:
        """What to learn, that for which most records wait first."""
        found = sorted(self._found.values(), key=lambda each: (each.table, each.code, each.place))
        return sorted(found, key=lambda each: (-each.records, -each.times))
