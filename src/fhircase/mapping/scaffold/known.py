"""What things are usually called: tables of names for elements, for lists of resources, and for codes.

`names.tsv`: names, and the elements that they may mean, the nearest first. `items.tsv`: what a list is called, and the
type of resource that each item then is. `codes.tsv`: a code of FHIR's, and words that say the same elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fhircase.mapping.scaffold.words import Words, words


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name may mean."""

    phrases: tuple[Words, ...]
    places: tuple[str, ...]
    """Elements below a resource, or types of resource."""


@cache
def meanings(table: str) -> tuple[Meaning, ...]:
    """The rows of `names` or `items`."""
    return tuple(
        Meaning(tuple(dict.fromkeys(words(each) for each in said.split(","))), tuple(places.split(" ")))
        for said, places in _rows(table)
    )


@cache
def synonyms() -> Mapping[str, tuple[Words, ...]]:
    """Words that say a code of FHIR's elsewhere, by the code."""
    return {code: tuple(words(each) for each in said.split(",")) for code, said in _rows("codes")}


def _rows(table: str) -> list[tuple[str, str]]:
    text = files(__package__).joinpath(f"{table}.tsv").read_text(encoding="utf-8")
    return [(first, second) for first, _, second in (line.partition("\t") for line in text.splitlines())]
