"""Names taken apart into words, and how much two of them are alike: `dateOfBirth`, `DATE_OF_BIRTH`, `birth_dates`."""

import re
from collections.abc import Set as AbstractSet
from difflib import SequenceMatcher
from functools import cache

Words = tuple[str, ...]

_EDGE = re.compile(
    r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])|(?<=[^\W\d_])(?=[A-ZÄÖÜ][a-zäöüß])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])"
)
_WORD = re.compile(r"[^\W_]+")
_SINGULAR = {"people": "person", "children": "child", "diagnoses": "diagnosis", "addresses": "address"}
# What a name says of its value's form, not of what it means.
_FORM = frozenset({"date", "dt", "on", "at", "time", "code", "cd", "text", "txt", "value", "flag", "ind", "yn", "enum"})
NUMBER = frozenset({"id", "no", "nr", "num", "number", "key", "ref", "uuid", "guid", "identifier"})
"""Words by which a name says that it holds a number or key."""

SAME, OWN, FORM, PART, ALIKE = 1.0, 0.95, 0.85, 0.6, 0.5
"""How alike: the same; but for whose it is; but for its form; a part of it; a letter or two."""


@cache
def words(name: str) -> Words:
    """The words of a name, small and singular."""
    return tuple(_singular(word.casefold()) for word in _WORD.findall(_EDGE.sub(" ", name)))


def plural(name: str) -> bool:
    """Whether a name is one of several things."""
    found = _WORD.findall(_EDGE.sub(" ", name))
    return bool(found) and _singular(found[-1].casefold()) != found[-1].casefold()


def kebab(name: str, otherwise: str = "field") -> str:
    """A name as mapping files write short names: `birth-date`."""
    return "-".join(word.casefold() for word in _WORD.findall(_EDGE.sub(" ", name))) or otherwise


def alike(name: Words, phrase: Words, owners: AbstractSet[str] = frozenset()) -> float:
    """How well a name fits a phrase, from 1 to 0; `owners` are words that say only whose it is."""
    said, meant = "".join(name), "".join(phrase)
    if not said or not meant:
        return 0
    if said == meant:
        return SAME
    core = _without(name, owners)
    if "".join(core) == meant:
        return OWN
    bare = _bare(core)
    if "".join(bare) in (meant, "".join(_bare(phrase))):
        return FORM
    if len(bare) > len(phrase) and phrase in (bare[: len(phrase)], bare[-len(phrase) :]) and len(meant) > 2:
        return PART
    return ALIKE if len(meant) > 4 and _near("".join(core), meant) else 0


def _near(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 2:
        return False
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= 0.88


def numbered(name: Words) -> Words | None:
    """The name without the words that say it holds a number or key; None where it does not."""
    core = name
    while len(core) > 1 and core[-1] in NUMBER:
        core = core[:-1]
    return core if core != name else None


def _without(name: Words, owners: AbstractSet[str]) -> Words:
    start, end = 0, len(name)
    while start < end - 1 and name[start] in owners:
        start += 1
    return name[start:end]


def _bare(name: Words) -> Words:
    end = len(name)
    while end > 1 and name[end - 1] in _FORM:
        end -= 1
    return name[:end]


def _singular(word: str) -> str:
    if word in _SINGULAR:
        return _SINGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
