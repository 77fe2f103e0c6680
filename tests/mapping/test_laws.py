"""The mapping's laws, for every shipped mapping and FHIR version, over generated records and resources."""

import random
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.often import often
from tests.strategies import records, valid

from fhircase.fhir import jsontext
from fhircase.fhir.invariants import broken
from fhircase.mapping import Reading, from_fhir, to_fhir
from fhircase.mapping.context import Fate
from fhircase.model import RECORDS

KINDS = list(RECORDS)
VERSIONS = ["R4", "R5"]
EVERY = pytest.mark.parametrize(("kind", "fhir"), [(kind, fhir) for kind in KINDS for fhir in VERSIONS])

law = often(200)
# Draws that take one record's fields into another must stay one record: same key, same nature.
_IDENTITY = ("key", "nature", "id")


def same_record(record: Any, other: Any) -> Any:
    identity = {name: getattr(record, name) for name in _IDENTITY if hasattr(record, name)}
    return valid(type(record), dict(other) | identity)


def strewn(resources: list[Any], seed: int) -> list[Any]:
    """The resources with what no rule knows strewn into them: extensions, ids, versions, other people's elements."""
    pick = random.Random(seed)
    copies = jsontext.decode(jsontext.encode(resources))
    for number, node in enumerate(list(_objects(copies))):
        if pick.random() < 0.3 and node.get("url") is None and "resourceType" not in node:
            node.setdefault("extension", []).append({"url": "http://elsewhere.example/x", "valueString": f"n{number}"})
    for number, resource in enumerate(copies):
        resource["meta"] = {"versionId": str(number), "lastUpdated": "2026-01-01T00:00:00.671Z"}
        resource.setdefault("extension", []).insert(0, {"url": "http://elsewhere.example/y", "valueDecimal": 1})
        resource["language"] = "de"
    return copies


def _objects(node: Any) -> Any:
    if isinstance(node, dict):
        yield node
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _objects(value)


@EVERY
def test_what_is_written_is_read(kind: str, fhir: str) -> None:
    @law
    @given(records(kind), records(kind), st.integers(0, 10_000))
    def holds(record: Any, other: Any, seed: int) -> None:
        assert from_fhir(to_fhir(record, fhir), fhir, kind).record == record
        there = strewn(to_fhir(same_record(record, other), fhir), seed)
        written = to_fhir(record, fhir, onto=there)
        assert from_fhir(written, fhir, kind).record == record
        assert jsontext.encode(to_fhir(record, fhir, onto=written)) == jsontext.encode(written)

    holds()


@EVERY
def test_reading_then_writing_changes_nothing(kind: str, fhir: str) -> None:
    @law
    @given(records(kind), st.integers(0, 10_000))
    def holds(record: Any, seed: int) -> None:
        there = strewn(to_fhir(record, fhir), seed)
        before = jsontext.encode(there)
        assert jsontext.encode(to_fhir(from_fhir(there, fhir, kind).record, fhir, onto=there)) == before
        assert jsontext.encode(there) == before, "what is written onto is not changed itself"

    holds()


@EVERY
def test_a_change_touches_only_what_its_rule_owns(kind: str, fhir: str) -> None:
    @law
    @given(records(kind), records(kind), st.data(), st.integers(0, 10_000))
    def holds(record: Any, other: Any, data: Any, seed: int) -> None:
        field = data.draw(st.sampled_from([name for name in type(record).model_fields if name not in _IDENTITY]))
        changed = record.model_copy(update={field: getattr(other, field)})
        try:
            changed = type(record)(**dict(changed))
        except ValueError:
            return
        there = strewn(to_fhir(record, fhir), seed)
        before, after = (from_fhir(r, fhir, kind) for r in (there, to_fhir(changed, fhir, onto=there)))
        old = {resource["id"] for resource in there}
        assert said(before, field, old) == said(after, field, old)

    holds()


def said(reading: Reading, without: str, ids: set[str]) -> dict[str, list[Any]]:
    """What each rule but one carries in these resources, in order; a resource that is made says anew whose it is."""
    found: dict[str, list[Any]] = {}
    for entry in reading.report:
        if entry.fate in ("carried", "normalised") and reading.resources[entry.resource]["id"] in ids:
            field = entry.rule.rpartition(" ")[2].partition(".")[0]
            if field not in (without, "resources"):
                found.setdefault(field, []).append(entry.value)
    return found


@EVERY
def test_every_scalar_has_one_fate_and_the_fate_is_true(kind: str, fhir: str) -> None:
    @law
    @given(records(kind), st.integers(0, 10_000), st.data())
    def holds(record: Any, seed: int, data: Any) -> None:
        there = strewn(to_fhir(record, fhir), seed)
        report = from_fhir(there, fhir, kind).report
        assert len({(e.resource, e.pointer) for e in report}) == len(report)
        assert {e.fate for e in report} <= {*get_args(Fate)}
        left = [e for e in report if e.fate == "leftover" and isinstance(e.value, str)]
        if left:
            entry = data.draw(st.sampled_from(left))
            _set(there[entry.resource], entry.pointer, "changed")
            assert from_fhir(there, fhir, kind).record == record, "what is left over says nothing to the record"

    holds()


def _set(node: Any, pointer: str, value: Any) -> None:
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    for part in way:
        node = node[int(part)] if isinstance(node, list) else node[part]
    node[int(last) if isinstance(node, list) else last] = value


@pytest.mark.parametrize("kind", KINDS)
def test_r4b_is_written_and_read_as_r4(kind: str) -> None:
    @often(30)
    @given(records(kind))
    def holds(record: Any) -> None:
        assert to_fhir(record, "R4B") == to_fhir(record, "R4")

    holds()


# What a record itself may say against FHIR: an end before its start, a number without its kind, a prohibition of
# contact without a service, somebody who acts for an organization and cannot, a length of time in no unit of time, a
# contact person without name, number or address. Such a record is refused, not sent.
SAID = {"per-1", "cpt-2", "prr-1", "ctm-1", "drt-1", "pat-1"}


@EVERY
def test_what_is_written_keeps_the_rules_that_fhir_has_beyond_elements_and_codes(kind: str, fhir: str) -> None:
    @often(50)
    @given(records(kind), records(kind))
    def holds(record: Any, other: Any) -> None:
        there = to_fhir(same_record(record, other), fhir)
        for written in (there, to_fhir(record, fhir, onto=there)):
            rules = {problem.rule.rpartition(" ")[2] for resource in written for problem in broken(resource, fhir)}
            assert rules <= SAID

    holds()
