"""FHIR's rules that are more than elements and codes, checked on resources as they are written.

What each rule says is in the tables made from FHIR's own definitions; how it is checked, in `values` and `resources`.
Source: https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from fhircase.errors import Problem
from fhircase.fhir.definitions import Constraint, constraints
from fhircase.fhir.elements import Elements, elements
from fhircase.fhir.invariants.resources import RESOURCES
from fhircase.fhir.invariants.values import VALUES, Test
from fhircase.fhir.jsontext import Json
from fhircase.fhir.profiles import profile

TESTS: dict[str, Test] = {**VALUES, **RESOURCES}
"""The test of each rule, by its key; by key and path where guides use one key for several."""


def broken(resource: Json, fhir: str = "R4", profiles: Sequence[str] = ()) -> list[Problem]:
    """The rules that a resource breaks, of FHIR and of the profiles it claims.

    Args:
        resource: a resource as raw JSON.
        fhir: R4, R4B or R5.
        profiles: profiles, `canonical|version`, beside those in its `meta.profile`.
    """
    claimed = resource.get("meta", {}).get("profile", [])
    return list(_walk(fhir, (*profiles, *(each for each in claimed if isinstance(each, str)))).broken(resource))


def newly_broken(resource: Json, before: Json | None, fhir: str = "R4") -> list[Problem]:
    """The rules that a resource breaks and that it did not break before: what was wrong already is not our doing."""
    already = broken(before, fhir) if before else []
    return [problem for problem in broken(resource, fhir) if problem not in already]


def test_of(rule: Constraint) -> Test | None:
    """How a rule is checked; None where it is not."""
    return TESTS.get(f"{rule.key} {rule.path}") or TESTS.get(rule.key)


@lru_cache(maxsize=256)
def _walk(fhir: str, profiles: tuple[str, ...]) -> "_Walk":
    return _Walk(fhir, profiles)


class _Walk:
    def __init__(self, fhir: str, profiles: Sequence[str]) -> None:
        self._elements = elements(fhir)
        self._rules: dict[str, list[tuple[Constraint, Test]]] = {}
        claimed = [rule for name in dict.fromkeys(profiles) if (found := profile(name)) for rule in found.constraints]
        for rule in (*constraints(fhir), *claimed):
            # A rule about a choice is checked on the element that has it.
            path = rule.path.rpartition(".")[0] if rule.path.endswith("[x]") else rule.path
            if test := test_of(rule):
                self._rules.setdefault(path, []).append((rule, test))
        self._fhir = fhir
        self._together: dict[tuple[str, ...], list[tuple[Constraint, Test]]] = {}
        self._steps: dict[tuple[str, str], tuple[str, str] | None] = {}

    def broken(self, resource: Json) -> Iterator[Problem]:
        kind = str(resource.get("resourceType"))
        yield from self._node(resource, kind, resource, kind, ("DomainResource", kind))
        for index, inner in enumerate(_objects(resource.get("contained"))):
            name = str(inner.get("resourceType"))
            yield from self._node(inner, name, resource, f"{kind}.contained[{index}]", (name,))

    def _node(self, node: Json, inside: str, root: Json, at: str, paths: tuple[str, ...]) -> Iterator[Problem]:
        for rule, test in self._of(paths):
            if not _holds(test, node, root):
                yield Problem(rule.words, at, f"FHIR {self._fhir}, {rule.key}")
        for name, value in node.items():
            # Texts are most of what there is, and no element of theirs has rules of its own.
            if isinstance(value, str) or (step := self._step(inside, name)) is None:
                continue
            many = isinstance(value, list)
            for index, inner in enumerate(value if many else [value]):
                if isinstance(inner, dict):
                    where = f"{at}.{name}[{index}]" if many else f"{at}.{name}"
                    yield from self._node(inner, step[1], root, where, step)

    def _of(self, paths: tuple[str, ...]) -> Sequence[tuple[Constraint, Test]]:
        """The rules of an element and of its type, looked up once."""
        if paths not in self._together:
            self._together[paths] = [each for path in dict.fromkeys(paths) for each in self._rules.get(path, ())]
        return self._together[paths]

    def _step(self, inside: str, name: str) -> tuple[str, str] | None:
        """An element's path and the name its children are found under; none for a bare value. Looked up once."""
        if (inside, name) not in self._steps:
            element = self._elements.child(inside, name)
            more = element and not element.primitive and (element.path, Elements.inside(element))
            self._steps[inside, name] = more or None
        return self._steps[inside, name]


def _holds(test: Test, node: Json, root: Json) -> bool:
    try:
        return test(node, root)
    except (AttributeError, TypeError):
        # A value of another type than FHIR's is told where types are checked.
        return True


def _objects(found: Any) -> list[Json]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
