"""What FHIR says beyond the elements themselves: required codes, targets of references, choices and constraints.

Tables made from FHIR's own definitions by `make tables`; each is read when it is first asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

SHAPE = {"R4": "r4", "R4B": "r4", "R5": "r5"}

Codes = Mapping[str, frozenset[str]]
"""Codes by code system."""


@cache
def rows(name: str) -> tuple[tuple[str, ...], ...]:
    """The rows of a shipped table."""
    text = files("fhircase.fhir").joinpath("tables", f"{name}.tsv").read_text(encoding="utf-8")
    return tuple(tuple(line.split("\t")) for line in text.splitlines())


@dataclass(frozen=True, slots=True)
class Constraint:
    """A rule of FHIR's that is more than elements and codes: its key, where it holds, and what it says."""

    key: str
    path: str
    words: str
    expression: str


@cache
def bindings(version: str) -> Mapping[str, str]:
    """The value set that an element is bound to and may not leave, by the element's path."""
    return {row[0]: row[1] for row in rows(f"{SHAPE[version]}-bindings")}


@cache
def targets(version: str) -> Mapping[str, frozenset[str]]:
    """The types of resource that a Reference may lead to, by path; any, where none are listed."""
    return {path: frozenset(types.split()) for path, types in rows(f"{SHAPE[version]}-targets")}


@cache
def choices(version: str) -> Mapping[str, bool]:
    """Whether one type of a choice has to be there, by the choice's path `Goal.target.detail[x]`."""
    return {path: low != "0" for path, low in rows(f"{SHAPE[version]}-choices")}


def choice(path: str, version: str) -> str:
    """The choice that an element is one type of: `Goal.target.detail[x]`; empty for any other element."""
    for end in range(len(path) - 1, path.rfind("."), -1):
        if path[end].isupper() and f"{path[:end]}[x]" in choices(version):
            return f"{path[:end]}[x]"
    return ""


@cache
def codes(value_set: str, version: str) -> Codes | None:
    """The codes of a value set by code system; None where they are too many, or not FHIR's, to be listed."""
    found: dict[str, frozenset[str]] = {}
    for table in (f"{SHAPE[version]}-codes", "profiles-codes"):
        for name, system, listed in rows(table) if not found else ():
            if name == value_set and system != "-":
                # Of a guide in several versions, the codes of any of them.
                found[system] = found.get(system, frozenset()) | frozenset(listed.split())
    return found or None


@cache
def constraints(version: str) -> tuple[Constraint, ...]:
    """What must hold of resources beyond elements and codes."""
    return tuple(Constraint(*row) for row in rows(f"{SHAPE[version]}-constraints"))
