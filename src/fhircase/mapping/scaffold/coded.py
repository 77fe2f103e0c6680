"""Code tables guessed: values that look like a code, or that are another word for one."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher

from fhircase.fhir.definitions import bindings, codes
from fhircase.mapping.kinds.code import UNSPECIFIED
from fhircase.mapping.models.described import Attribute
from fhircase.mapping.models.fitting import text
from fhircase.mapping.path import Path
from fhircase.mapping.scaffold.draft import LIKELY, SURE, UNSURE, Table
from fhircase.mapping.scaffold.known import synonyms
from fhircase.mapping.scaffold.words import ALIKE, OWN, PART, SAME, Words, words

# What a flag that is not set says, the first that the element takes.
_OTHERWISE = ("inactive", "routine", "ready", "active", "in-progress", "unconfirmed", "planned", "draft", "completed")


def codes_at(path: Path, version: str) -> Mapping[str, frozenset[str]] | None:
    """The codes by system that FHIR demands at an element, as far as they can be listed."""
    for known in (version, "R4", "R5"):
        value_set = bindings(known).get(path.listed[-1]) if path.listed else None
        if value_set and (found := codes(value_set, known)):
            return found
    return None


def own_words(attribute: Attribute) -> dict[str, list[Words]]:
    """The values of a field, each with its words: its own, and the name it has in an enum."""
    said = {value: [words(value)] for value in attribute.values if value not in ("", UNSPECIFIED)}
    for enum in attribute.enums:
        for member in enum:
            if (value := text(member.value)) in said:
                said[value].append(words(member.name))
    return said


def as_they_are(values: Iterable[str]) -> Table | None:
    """A table for a place that takes any text: each value says itself; None where one of them could not."""
    said = list(values)
    if not said or any(value.startswith("~") or value in ("-", "") or value != value.strip() for value in said):
        return None
    return Table([([value, value], SURE) for value in said])


def by_codes(said: Mapping[str, Sequence[Words]], known: Iterable[str]) -> Table | None:
    """A table for a place that takes these codes; None where no value looks like any of them."""
    left = sorted(known)
    scored = sorted(
        (-score, at, code)
        for at, names in enumerate(said.values())
        for code in left
        if (score := max(_alike(name, code, left) for name in names))
    )
    rows: dict[int, tuple[str, float]] = {}
    for score, at, code in scored:
        if at not in rows and code in left:
            rows[at] = code, -score
            left.remove(code)
    values = list(said)
    table = [([values[at], code], _sureness(score)) for at, (code, score) in sorted(rows.items())]
    return Table(table, left, unsaid=[value for at, value in enumerate(values) if at not in rows]) if table else None


def by_flag(name: str, known: Iterable[str], true: str, false: str) -> Table | None:
    """A table for a flag whose name is a word for one of these codes: `done`."""
    left, said = sorted(known), words(name)
    best = max(left, key=lambda code: _alike(said, code, left), default="")
    if not best or _alike(said, best, left) < ALIKE:
        return None
    other = next((code for code in _OTHERWISE if code in left and code != best), None)
    if other is None:
        return None
    left = [code for code in left if code not in (best, other)]
    return Table([([true, best], LIKELY), ([false, other], UNSURE)], left)


def _alike(name: Words, code: str, known: Sequence[str]) -> float:
    said, meant = "".join(name), "".join(words(code))
    if not said:
        return 0
    if said == meant:
        return SAME
    for at, phrase in enumerate(synonyms().get(code, ())):
        if "".join(phrase) == said:
            return OWN - at / 100
    if len(said) == 1:
        return PART if [each[0] for each in known].count(said) == 1 and code[0] == said else 0
    ratio = SequenceMatcher(None, said, meant, autojunk=False).ratio()
    return ALIKE if len(said) > 4 and ratio >= 0.85 else 0


def _sureness(score: float) -> str:
    return SURE if score == SAME else LIKELY if score > PART else UNSURE
