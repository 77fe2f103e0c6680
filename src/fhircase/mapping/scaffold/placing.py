"""Which elements a field may be, by its name, and whether they can carry it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from fhircase.mapping.path import Path
from fhircase.mapping.scaffold.draft import LIKELY, SURE, UNSURE, Draft
from fhircase.mapping.scaffold.fits import Field, Fit, fit
from fhircase.mapping.scaffold.homes import LEAVES, VERSIONS, Fhir, Home, Spot, listed, segments
from fhircase.mapping.scaffold.known import synonyms
from fhircase.mapping.scaffold.words import FORM, PART, Words, alike, kebab, numbered, plural, words

SUBJECTS = ("subject", "patient", "for", "beneficiary")
"""The elements that say whose a resource is."""
_NEVER_SPLIT = frozenset({"identifier", "line", "note", "telecom"})
_STATUS = ("status", "lifecycleStatus")
# Of whom a part of a name speaks is not known: `contact_phone` is not the person's own.
_WHOLE_ONLY = frozenset({"Patient", "Practitioner", "RelatedPerson", "Organization"})


@dataclass(frozen=True)
class Candidate:
    """An element that a field may be."""

    field: str
    score: float
    order: tuple[int, int]
    spot: Spot
    home: Home
    number: bool = False
    """Whether the name says that it holds a number."""

    @property
    def places(self) -> tuple[str, ...]:
        """The elements that it may mean there, those that only another type of resource has left out."""
        inside = segments(self.home.called)[-1].partition("[")[0] if "." in self.home.called else ""
        found = []
        for place in self.spot.places:
            kind, _, path = place.rpartition(":") if place.partition(":")[0].isalpha() else ("", "", place)
            first, *rest = segments(path)
            if kind in ("", self.home.called):
                found.append(".".join(rest) if rest and first.partition("[")[0] == inside else path)
        return tuple(found)

    @property
    def sure(self) -> str:
        """How sure it is."""
        return UNSURE if self.score < FORM else SURE if self.spot.own else LIKELY

    def why(self, found: Fit) -> str:
        """Why it is guessed."""
        begin = next(iter(self.home.at.values())).begin
        element = f"{self.home.called}{found.path.removeprefix(begin)}"
        how = {SURE: "is by name", LIKELY: "is a usual name of", UNSURE: "looks like"}[self.sure]
        return f"`{self.field}` {how} {element}"


def candidates(given: Field, homes: list[Home], around: Words = (), *, alone: bool = True) -> Iterator[Candidate]:
    """The elements that look like a field.

    Args:
        given: the field.
        homes: where they are.
        around: the words of the field that holds the object in which it is.
        alone: whether its own name says enough; else it counts only together with these.
    """
    own = words(given.name)
    names = [own, around + own, own + around] if around else [own]
    for at, home in enumerate(homes):
        for order, spot in enumerate(home.spots):
            score = max(alike(own, phrase, home.owners) for phrase in spot.phrases) if alone else 0
            together = max((alike(name, phrase) for name in names[1:] for phrase in spot.phrases), default=0)
            score = max(score, together if together >= FORM else 0)
            if score >= FORM or (score and home.called not in _WHOLE_ONLY):
                yield Candidate(given.name, score, (at, order), spot, home)
            for name in names if alone else names[1:]:
                for core, number in _cores(name):
                    by_core = max(alike(core, phrase, home.owners) for phrase in spot.phrases)
                    if by_core >= FORM > score:
                        yield Candidate(given.name, by_core * FORM, (at, order), spot, home, number=number)
            if alone and spot.own and spot.places[0] in _STATUS and _says_code(given, names):
                yield Candidate(given.name, PART, (at, order), spot, home)


def _cores(name: Words) -> Iterator[tuple[Words, bool]]:
    """What a name is the number (`worker_id`) or the name (`worker_name`) of, and whether it is the number."""
    if core := numbered(name):
        yield core, True
    if len(name) > 1 and name[-1] == "name":
        yield name[:-1], False


def _says_code(given: Field, names: list[Words]) -> bool:
    """Whether a flag is called what a status may be: `done`."""
    if given.kind not in ("flag", "whole"):
        return False
    known = {"".join(phrase) for code, phrases in synonyms().items() for phrase in (words(code), *phrases)}
    return any("".join(name) in known for name in names)


def fits(given: Field, candidate: Candidate, fhir: Fhir, draft: Draft) -> dict[str, Fit]:
    """The rules that carry a field there, by version; those that cannot are left out."""
    found = {}
    for version in VERSIONS:
        for place in candidate.places:
            path = fhir.path(candidate.home, place, version) if version in candidate.home.at else None
            made = _at(given, candidate, path, version, fhir, draft) if path else None
            if made:
                found[version] = made
                break
    return found


def _at(given: Field, candidate: Candidate, path: Path, version: str, fhir: Fhir, draft: Draft) -> Fit | None:
    home = candidate.home

    def below(rest: str) -> Path | None:
        known = rest
        for alias, uri in fhir.systems.items():
            known = known.replace(f"[system={uri}]", f"[system=${alias}]")
        return fhir.below(home, path, known, version)

    if path.type == "CodeableConcept" and not given.attribute.many and (made := fit(given, path, version, below)):
        return made
    if path.type == "Identifier":
        leaf = below(f"[system=${draft.system(kebab(given.name))}].value") if path.steps[-1].many else below(".value")
    else:
        leaf = below(_leaf(given, candidate, path))
    if leaf is None:
        return None
    halves = listed(leaf)
    if given.attribute.many:
        return _list(given, leaf, halves, home, version, fhir)
    if halves and given.kind == "text" and plural(given.name) and _element(halves[0]) not in _NEVER_SPLIT:
        return _split(given, halves)
    return fit(given, leaf, version)


def _element(text: str) -> str:
    """The name of the last element on a path."""
    return segments(text)[-1].partition("[")[0]


def _leaf(given: Field, candidate: Candidate, path: Path) -> str:
    by_number = candidate.number or given.kind == "whole" or path.steps[-1].name in SUBJECTS
    if path.type == "Reference" and by_number and "name" not in words(given.name):
        return ".identifier.value"
    if path.type == "CodeableReference" and by_number:
        return ".reference.identifier.value"
    return LEAVES.get(path.type, "")


def _list(given: Field, leaf: Path, halves: tuple[str, str] | None, home: Home, version: str, fhir: Fhir) -> Fit | None:
    """A list of values, each in an item of a list."""
    if halves is None:
        return None
    array, rest = halves
    around = fhir.path(home, array[len(home.at[version].begin) + 1 :], version)
    inside = fhir.path(fhir.item("", {version: around.inside}), rest[1:], version) if around and rest != "." else leaf
    if inside is None:
        return None
    one = Field(given.name, replace(given.attribute, many=False, default=None))
    made = fit(one, replace(inside, text=rest), version)
    return Fit({"list": array, "items": made.spec}, array, made.asks, made.table) if made else None


def _split(given: Field, halves: tuple[str, str]) -> Fit:
    """Several values in one text."""
    array, rest = halves
    mark = " " if array.endswith("given") else "; "
    made = Fit({"split": array, "by": mark, "items": {"field": rest}}, array, unsure=True)
    made.asks.append(f"what stands between its values? `{mark}` is guessed")
    if given.attribute.default == "" and not given.attribute.nullable:
        made.spec["empty"] = ""
    return made
