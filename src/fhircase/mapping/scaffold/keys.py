"""By which of its fields a record, or an item of one, is known: `id`, `client_no`, `mrn`."""

from fhircase.mapping.models.described import Described
from fhircase.mapping.scaffold.fits import Field
from fhircase.mapping.scaffold.words import NUMBER, Words, numbered, words

PERSONS = frozenset("beneficiary citizen client customer individual member participant patient person resident".split())  # noqa: SIM905 - words
_A_PERSONS = frozenset({"mrn", "ssn"})


def key_of(model: Described, called: Words = ()) -> tuple[str, float] | None:
    """The field that is its number or key, and how well its name says so."""
    found = [
        (score + 0.04 * attribute.required, -at, name)
        for at, (name, attribute) in enumerate(model.fields.items())
        if Field(name, attribute).kind in ("whole", "text")
        and not attribute.many
        and (score := _score(words(name), words(model.name), called))
    ]
    score, _, name = max(found, default=(0, 0, ""))
    return (name, score) if name else None


def _score(name: Words, model: Words, called: Words) -> float:
    core = numbered(name)
    if core in (model, called) and core:
        return 1
    if name[-1:] and len(name) == 1 and name[0] in NUMBER:
        return 0.9
    if core and set(core) <= {*model, *called}:
        return 0.8
    if _A_PERSONS & {*name} and PERSONS & {*model, *called}:
        return 0.7
    return 0


def names(name: str, model: Described, key: str) -> bool:
    """Whether a field is a foreign key to records of a model that are known by that key."""
    if name == key and len(words(key)) > 1:
        return True
    return numbered(words(name)) == words(model.name)
