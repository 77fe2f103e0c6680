"""Every element that FHIR requires in what we write is filled: in resources, inside them, in values of named types.

A place is filled always by a constant, by a field of the model that is never empty, or by a rule that says so where its
field is empty: with the row `unspecified` of its table, or the marker that nothing is known. In an object that is made
only when something inside it is said, what is said alone there is enough.
Source: https://hl7.org/fhir/R4/conformance-rules.html#cardinality
"""

from collections.abc import Iterable, Iterator

from fhircase.errors import Problem
from fhircase.fhir.definitions import choices
from fhircase.fhir.elements import Elements, elements
from fhircase.mapping.check.made import Fill, Made, made
from fhircase.mapping.check.walk import Checked, problem
from fhircase.mapping.selector import Step

Way = tuple[Step, ...]


def required(of: Checked) -> Iterator[Problem]:
    """Elements that FHIR requires and no rule fills, or none always."""
    for each in made(of):
        for way, kind in _objects(each, of.version).items():
            if way or each.role not in of.linked:
                yield from _unfilled(each, way, kind, of.version)


def _objects(of: Made, version: str) -> dict[Way, str]:
    """The objects that are made on the way to each place, and under which name FHIR lists what is in them."""
    found: dict[Way, str] = {(): of.type}
    for fill in of.fills:
        for depth in range(1, len(fill.path.steps)):
            element = elements(version).known(fill.path.listed[depth - 1])
            if element is not None:
                found[fill.path.steps[:depth]] = Elements.inside(element)
    return found


def _unfilled(of: Made, way: Way, kind: str, version: str) -> Iterator[Problem]:
    said = {name for test in (way[-1].tests if way else of.tests) if (name := test.says)}
    inside = [fill for fill in of.fills if fill.path.steps[: len(way)] == way and len(fill.path.steps) > len(way)]
    for path, names in _required(kind, version):
        there = [fill for fill in inside if fill.path.steps[len(way)].name in names]
        if not there and said.isdisjoint(names):
            at = inside[0].rule.name if way else of.at
            yield problem(at, f"{path} is required and no rule fills it", "add a constant or map a field")
        elif there and not any(fill.always for fill in there) and (len(there) < len(inside) or (of.role and not way)):
            # A resource is there though nothing is said in it; an element only where something is.
            yield _open(path, way, there[0])


def _required(kind: str, version: str) -> Iterable[tuple[str, frozenset[str]]]:
    """The elements that are required in an object, each with the names that it may have."""
    table = elements(version)
    for element in table.below(kind):
        if element.low:
            yield element.path, frozenset({element.path.rpartition(".")[2]})
    for choice, needed in choices(version).items():
        if needed and choice.rpartition(".")[0] == kind:
            stem = choice.rpartition(".")[2].removesuffix("[x]")
            names = [name for name in table.names(kind) if name.startswith(stem) and name[len(stem) :][:1].isupper()]
            yield choice, frozenset(names)


def _open(path: str, way: Way, fill: Fill) -> Problem:
    place = ".".join([fill.path.role, *(step.name for step in fill.path.steps[: len(way) + 1])])
    what = f"{path} is required, and nothing fills it where `{fill.path.text}` is not said"
    return problem(fill.rule.name, what, f"add `{{needed: {place}}}`, a row `unspecified` of its table, or a constant")
