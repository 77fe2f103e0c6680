"""A link that says its type, and a list of resources, lead to what FHIR allows at their place.

Source: https://hl7.org/fhir/R4/references.html#Reference ("targetProfile")
"""

from collections.abc import Iterator

from fhircase.errors import Problem
from fhircase.fhir.definitions import targets
from fhircase.mapping.check.walk import Checked, every, problem
from fhircase.mapping.kinds.link import LinkRule
from fhircase.mapping.kinds.refer import Refer
from fhircase.mapping.kinds.related import Forward, Reverse
from fhircase.mapping.kinds.rule import Rule
from fhircase.mapping.path import Path


def misled(of: Checked) -> Iterator[Problem]:
    """References to a type of resource that FHIR does not allow there."""
    for rule in every(of.shape):
        for path, kind in _leads(rule, of.types):
            allowed = targets(of.version).get(_element(path))
            if allowed and kind not in allowed:
                what = f"`{path.text}` leads to a {kind}, which FHIR does not allow there"
                yield problem(rule.name, what, f"allowed: {', '.join(sorted(allowed))}")


def _leads(rule: Rule, types: dict[str, str]) -> Iterator[tuple[Path, str]]:
    if isinstance(rule, LinkRule) and rule.kind:
        yield rule.path, rule.kind
    elif isinstance(rule, Refer):
        yield rule.path, types[rule.role]
    elif isinstance(rule, Reverse):
        yield rule.back, types[rule.anchor]
    elif isinstance(rule, Forward):
        yield (rule.at if rule.at.steps else rule.path), rule.kind


def _element(path: Path) -> str:
    """The element whose targets count: of a CodeableReference's `reference`, the CodeableReference."""
    if path.listed[-1:] == ("CodeableReference.reference",):
        return path.listed[-2] if len(path.listed) > 1 else ""
    return path.listed[-1] if path.listed else ""
