"""What is written as the model has it is what FHIR takes there: codes of the value set that binds the place.

All words that a field of the model can have must be codes of the set, and a field of any text or any code cannot be
known to keep to it. A table says how words become such codes.
Source: https://hl7.org/fhir/R4/terminologies.html#required
"""

from collections.abc import Iterator, Sequence

from fhircase.errors import Problem
from fhircase.mapping.check.bound import bound
from fhircase.mapping.check.tables import required
from fhircase.mapping.check.walk import Checked, problem
from fhircase.mapping.grammar import near
from fhircase.mapping.kinds.code import UNSPECIFIED
from fhircase.mapping.kinds.field import Field
from fhircase.mapping.kinds.listing import Listing
from fhircase.mapping.kinds.node import Node
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.kinds.words import Words
from fhircase.mapping.models.described import Attribute
from fhircase.mapping.path import Path

_CODED = frozenset({"Coding", "CodeableConcept"})


def bare(of: Checked) -> Iterator[Problem]:
    """Codes that are written as they are and need not be among those that FHIR takes; of a rule once."""
    told: set[Problem] = set()
    for rule, field in bound(of.shape, of.model.described):
        for found in _of_rule(rule, field, of.version):
            if found not in told:
                told.add(found)
                yield found


def _of_rule(rule: Rule, field: Attribute, version: str) -> Iterator[Problem]:
    match rule:
        case Words():
            for words, (code,) in rule.table.rows.items():
                yield from _unknown(rule, rule.path, [code or words], version)
        case Field() if rule.path.steps:
            yield from _said(rule, rule.path, field, version)
        case Listing(each=Field(path=Path(steps=()))):
            yield from _said(rule, rule.path, field, version)
        case Node(path=path) | Listing(path=path, each=Shape(), below="") if path.inside in _CODED:
            value_set, known = required(path, version)
            if known is not None:
                what = f"`{path.text}` takes codes of {value_set} only, and the field any code"
                yield problem(rule.name, what, "say it with `code:` or `tags:` and a table")


def _said(rule: Rule, path: Path, field: Attribute, version: str) -> Iterator[Problem]:
    if field.values:
        yield from _unknown(rule, path, [word for word in field.values if word != UNSPECIFIED], version)
    elif (found := required(path, version))[1] is not None:
        what = f"`{path.text}` takes codes of {found[0]} only, and the field any text"
        yield problem(rule.name, what, f"say it with `code:` and a table; its codes: {', '.join(sorted(found[1]))}")


def _unknown(rule: Rule, path: Path, words: Sequence[str], version: str) -> Iterator[Problem]:
    value_set, known = required(path, version)
    for word in words:
        if known is not None and word not in known:
            what = f"`{word}` is no code of {value_set}, which `{path.text}` takes{near(word, known)}"
            yield problem(rule.name, what, f"say it with `code:` and a table; its codes: {', '.join(sorted(known))}")
