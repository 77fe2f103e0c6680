"""Where fields may be at home: the elements of a resource, or of an object inside one, in both shapes of FHIR."""

from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from fhircase.fhir.elements import elements
from fhircase.mapping import files
from fhircase.mapping.path import Path
from fhircase.mapping.pathtext import PathError, Vocabulary, parse
from fhircase.mapping.scaffold.draft import Draft
from fhircase.mapping.scaffold.known import meanings
from fhircase.mapping.scaffold.words import Words, words

VERSIONS = ("R4", "R5")
"""R4B is R4's shape."""
_FHIRS = frozenset(
    "id meta implicitRules language text contained extension modifierExtension".split()  # noqa: SIM905 - as FHIR lists them
)
"""Elements that are the server's business, or nobody's."""

LEAVES: Mapping[str, str] = {
    "Address": ".text",
    "Age": ".value",
    "Annotation": ".text",
    "Attachment": ".url",
    "CodeableConcept": ".text",
    "CodeableReference": ".concept.text",
    "Coding": ".display",
    "ContactPoint": ".value",
    "Duration": ".value",
    "HumanName": ".text",
    "Money": ".value",
    "Quantity": ".value",
    "Reference": ".display",
    "Timing": ".code.text",
}
"""In which part of an object one bare value says it."""


@dataclass(frozen=True)
class Spot:
    """Elements, of which the first that there is may be meant, and what they are called."""

    phrases: tuple[Words, ...]
    places: tuple[str, ...]
    own: bool
    """Whether it is FHIR's own name of the element."""


@dataclass(frozen=True, slots=True)
class At:
    """Where an object is in one version."""

    begin: str
    """How its paths begin: a role, the way to an object inside, or nothing for the element at hand."""
    inside: str
    """Under which name its elements are listed."""
    here: str = ""
    """Under which name those of the element at hand are, where its paths begin there."""


@dataclass(frozen=True)
class Home:
    """A resource or an object, whose elements fields may be."""

    called: str
    at: Mapping[str, At]
    """By version."""
    owners: frozenset[str] = frozenset()
    """Words that say only whose field it is."""

    @cached_property
    def spots(self) -> list[Spot]:
        """What may be meant there."""
        names = dict.fromkeys(name for version, at in self.at.items() for name in _names(at.inside, version))
        direct = [Spot((words(name),), (name,), own=True) for name in names]
        return [*direct, *(Spot(each.phrases, each.places, own=False) for each in meanings("names"))]


def _names(inside: str, version: str) -> Iterator[str]:
    backbone = "." not in inside and f"{inside}.meta" not in {e.path for e in elements(version).below(inside)}
    for name in elements(version).names(inside):
        if name not in _FHIRS or (backbone and name in ("text", "language")):
            yield name


class Fhir:
    """FHIR's tables, with the short names of a draft."""

    def __init__(self, draft: Draft) -> None:
        shared = files.vocabulary()
        self.roles: dict[str, str] = {}
        """Resource type by role."""
        self.systems = ChainMap(draft.systems, shared["systems"])
        extensions = ChainMap(draft.extensions, shared["extensions"])
        self.words = {each: Vocabulary(elements(each), self.systems, extensions) for each in VERSIONS}

    def resource(self, role: str, owners: frozenset[str] = frozenset()) -> Home:
        """The home that a resource is."""
        kind = self.roles[role]
        return Home(kind, dict.fromkeys(VERSIONS, At(role, kind)), owners | {*words(kind)})

    def item(self, called: str, insides: Mapping[str, str]) -> Home:
        """The home that each element of a list is."""
        return Home(called, {version: At("", inside, inside) for version, inside in insides.items()})

    def inner(self, home: Home, place: str) -> Home | None:
        """The home that an object inside another one is, if both versions have it."""
        paths = {version: self.path(home, place, version) for version in VERSIONS}
        found = {version: path for version, path in paths.items() if path and not path.primitive}
        if len(found) < len(VERSIONS):
            return None
        at = {version: At(path.text, path.inside, home.at[version].here) for version, path in found.items()}
        return Home(f"{home.called}.{place}", at)

    def path(self, home: Home, place: str, version: str) -> Path | None:
        """The path of an element, if this version has it."""
        if version not in home.at:
            return None
        at = home.at[version]
        try:
            return parse(f"{at.begin}.{place}", self.roles, at.here, self.words[version])
        except PathError:
            return None

    def below(self, home: Home, path: Path, rest: str, version: str) -> Path | None:
        """A path further down."""
        return self.path(home, path.text[len(home.at[version].begin) + 1 :] + rest, version)


def segments(text: str) -> list[str]:
    """The elements on a path, each with its selector."""
    found, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]")
        if letter == "." and not depth:
            found.append(text[start:at])
            start = at + 1
    return [*found, text[start:]]


def listed(path: Path) -> tuple[str, str] | None:
    """A path as that of a list and the rest of the way inside an item; None where no step is a list."""
    last = next((at for at in reversed(range(len(path.steps))) if path.steps[at].many), None)
    if last is None:
        return None
    parts = segments(path.text)
    cut = len(parts) - len(path.steps) + last + 1
    return ".".join(parts[:cut]), "." + ".".join(parts[cut:])


def overlap(one: str, other: str) -> bool:
    """Whether two places share what they own: they are the same, or one holds the other."""
    short, long = sorted((segments(one), segments(other)), key=len)
    return all(a in (b, b.partition("[")[0]) for a, b in zip(short, long, strict=False))
