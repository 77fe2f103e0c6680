"""Whatever is wrong with a resource is told at once, each problem with its place and its rule."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.often import often
from tests.strategies import records

from fhircase.errors import ResourceRefused
from fhircase.mapping import from_fhir, to_fhir

# A place in each kind's anchor, what is wrong there, and the rule's field that says so.
WRONG: dict[str, list[tuple[str, Any, str]]] = {
    "case": [("status", "bogus", "status"), ("note", "no list", "notes"), ("priority", "soon", "priority")],
    "care-plan": [("status", "bogus", "status"), ("note", "no list", "notes"), ("title", {}, "title")],
    "referral": [("status", "bogus", "status"), ("note", "no list", "notes"), ("authoredOn", "2026-13", "sent")],
    "work-item": [("priority", "soon", "priority"), ("note", "no list", "notes"), ("authoredOn", "now", "created")],
    "need": [("note", "no list", "notes"), ("onsetDateTime", "19x", "since"), ("code", "food", "what")],
    "team": [("status", "bogus", "status"), ("note", {}, "notes"), ("name", 7, "name")],
    "outcome": [("status", "bogus", "status"), ("note", "no list", "notes"), ("code", "food", "what")],
    "goal": [("lifecycleStatus", "bogus", "lifecycle"), ("note", {}, "notes"), ("startDate", "soon", "start")],
    "consent": [
        ("status", "bogus", "status"),
        ("category", "no list", "categories"),
        ("sourceAttachment", "x", "source"),
    ],
}
# In R5 a consent's kind is one of its categories.
ALSO = {("consent", "R5"): {"kind"}}
CASES = [(kind, fhir) for kind in WRONG for fhir in ("R4", "R5")]


@pytest.mark.parametrize(("kind", "fhir"), CASES)
def test_every_problem_is_told_with_its_rule(kind: str, fhir: str) -> None:
    @often(200)
    @given(records(kind), st.sets(st.sampled_from(range(3)), min_size=1))
    def holds(record: Any, chosen: set[int]) -> None:
        there = to_fhir(record, fhir)
        wrong = [WRONG[kind][number] for number in sorted(chosen)]
        for name, value, _ in wrong:
            there[0][name] = value
        with pytest.raises(ResourceRefused) as refusal:
            from_fhir(there, fhir, kind)
        told = {problem.rule.rpartition(" ")[2] for problem in refusal.value.problems}
        fields = {field for _, _, field in wrong}
        assert told == fields | (ALSO.get((kind, fhir), set()) if "categories" in fields else set())
        assert all(problem.path and ".yaml:" in problem.rule for problem in refusal.value.problems)

    holds()
