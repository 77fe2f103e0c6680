"""Resources on disk are found as those in memory are, and all records among them are read alike."""

import random
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from tests.anything import TYPES
from tests.mapping.test_anything import made

from fhircase.fhir import jsontext
from fhircase.mapping import ReadEach, Refused, to_fhir
from fhircase.mapping.compiled import all_compiled
from fhircase.mapping.index import Index
from fhircase.mapping.stored_index import StoredIndex
from fhircase.records.sample import sample

SERVER = "https://fhir.example/r4"
Entries = list[tuple[str, Any]]


def caseload(fhir: str) -> Entries:
    """Resources of many records, in no order; some are entries of a Bundle, and some cannot be read."""
    resources = [resource for record in sample(12, 4) for resource in to_fhir(record, fhir)]
    resources += [made(fhir, kind, seed, 0.4) for kind in TYPES for seed in range(3)]
    resources += [
        {"resourceType": "Organization", "id": "o1"},
        {"resourceType": "Task", "status": 7, "intent": "order"},
        {"resourceType": "CarePlan", "id": "unsafe", "status": "active", "intent": "plan", "implicitRules": "urn:x"},
    ]
    random.Random(3).shuffle(resources)
    return [("" if number % 3 else f"https://elsewhere.example/{number}", r) for number, r in enumerate(resources)]


def told(read: ReadEach) -> Iterable[Any]:
    """All that is told of what was read, as text, before the index lets go of it."""
    for found in read:
        if isinstance(found, Refused):
            yield jsontext.encode(found.resource), found.problems
        else:
            resources = [jsontext.encode(resource) for resource in found.resources]
            yield found.record, resources, found.roles, found.remarks, found.report
    yield [jsontext.encode(resource) for resource in read.unclaimed()]


@pytest.mark.parametrize("server", ["", SERVER])
@pytest.mark.parametrize("fhir", ["R4", "R5"])
def test_the_same_is_read_as_from_memory(fhir: str, server: str) -> None:
    there, mappings = caseload(fhir), all_compiled(fhir)
    expected = list(told(ReadEach(Index(there, server), mappings, server)))
    with StoredIndex(server) as index:
        for url, resource in there:
            index.keep(resource, url, url)
        assert list(told(ReadEach(index, mappings, server))) == expected
        # And again, as whoever tries another FHIR version does.
        assert list(told(ReadEach(index, mappings, server))) == expected
    assert sum(len(each) == 5 for each in expected) > 40


def test_references_lead_where_they_lead_in_memory() -> None:
    there = [
        ("https://a.example/Task/1", {"resourceType": "Task", "id": "1", "focus": {"reference": "Goal/2/_history/9"}}),
        ("", {"resourceType": "Task", "id": "1", "focus": {"reference": "urn:uuid:2"}}),
        ("", {"resourceType": "Task", "focus": {"type": "Goal", "identifier": {"system": "s", "value": "v"}}}),
        (
            "",
            {"resourceType": "Task", "focus": {"reference": "#g"}, "contained": [{"resourceType": "Goal", "id": "g"}]},
        ),
        ("", {"resourceType": "Goal", "id": "2", "identifier": [{"system": "s", "value": "v"}]}),
        ("", {"resourceType": "Goal", "id": "3", "identifier": {"system": "s", "value": "v"}}),
    ]
    names = ["Task/1", "https://a.example/Task/1", f"{SERVER}/Goal/2", "Goal/2/_history/1", "urn:uuid:3", "Goal/9"]
    references: list[Any] = [{"reference": name} for name in names]
    references += [{"type": "Goal", "identifier": {"system": "s", "value": "v"}}, {"display": "x"}, None, "Task/1"]
    memory = Index(there, SERVER)
    with StoredIndex(SERVER) as stored:
        for url, resource in there:
            stored.keep(resource, url)
        for reference in references:
            assert stored.find(reference, None) == memory.find(reference, None)
        goals = list(memory.places_of("Goal"))
        assert list(stored.places_of("Goal")) == goals
        for goal in goals:
            found = stored.referring("Task", "focus", stored.at(goal))
            assert found == memory.referring("Task", "focus", memory.at(goal))


def test_what_is_loaded_stays_the_same_until_it_is_let_go_of() -> None:
    with StoredIndex() as index:
        for number in range(3):
            index.keep({"resourceType": "Goal", "id": str(number)}, source=f"goals:{number}")
        first = index.at(1)
        assert index.find({"reference": "Goal/1"}, None) is first
        assert (index.place(first), index.source(first)) == (1, "goals:1")
        index.forget()
        assert index.at(1) is not first
        assert index.place({"resourceType": "Goal"}) is None


def test_more_of_a_type_than_a_batch_come_in_order() -> None:
    with StoredIndex() as index:
        for number in range(2500):
            index.keep({"resourceType": "Goal" if number % 2 else "Task", "id": str(number)})
        places = list(index.places_of("Goal"))
    assert len(places) == 1250
    assert all(one < other for one, other in pairwise(places))
