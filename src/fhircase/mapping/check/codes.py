"""What a mapping writes by itself, as constants, in selectors and for what was removed, is what FHIR takes there."""

from collections.abc import Iterator
from typing import Any

from fhircase.errors import Problem
from fhircase.fhir.definitions import bindings, codes
from fhircase.fhir.elements import Elements, elements
from fhircase.mapping.check.tables import required
from fhircase.mapping.check.walk import Checked, every, problem
from fhircase.mapping.grammar import near
from fhircase.mapping.kinds.constant import Constant
from fhircase.mapping.kinds.related import Related
from fhircase.mapping.kinds.rule import Rule
from fhircase.mapping.path import Path
from fhircase.mapping.selector import code_of, codings


def constants(of: Checked) -> Iterator[Problem]:
    """Fixed codes that are not in the value set of their place."""
    for rule in every(of.shape):
        for path, value in _fixed(rule):
            value_set, known = required(path, of.version)
            yield from _wrong(rule, path, value, value_set, known)
        for path in rule.places():
            yield from _selected(rule, path, of.version)


def _fixed(rule: Rule) -> Iterator[tuple[Path, Any]]:
    if isinstance(rule, Constant):
        yield from ((rule.path, value) for value in (rule.value, *rule.accepts) if value is not None)
    elif isinstance(rule, Related):
        yield from rule.removed


def _wrong(rule: Rule, path: Path, value: Any, value_set: str, known: frozenset[str] | None) -> Iterator[Problem]:
    for code in [value] if isinstance(value, str) else [code_of(coding)[1] for coding in codings(value)]:
        if known is not None and code not in known:
            what = f"`{code}` is no code of {value_set}, which `{path.text}` takes{near(code, known)}"
            yield problem(rule.name, what, f"its codes: {', '.join(sorted(known))}")


def _selected(rule: Rule, path: Path, version: str) -> Iterator[Problem]:
    for listed, step in zip(path.listed, path.steps, strict=False):
        for test in step.tests:
            element = elements(version).known(listed)
            if test.how == "=" and len(test.names) == 1 and element:
                value_set = bindings(version).get(f"{Elements.inside(element)}.{test.names[0][0]}", "")
                found = codes(value_set, version) if value_set else None
                known = None if found is None else frozenset().union(*found.values())
                yield from _wrong(rule, path, test.wanted[0], value_set, known)
