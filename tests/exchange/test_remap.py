"""What a changed mapping makes of a record, and how what it wrote is taken back: never over somebody else's word."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhircase.exchange.remap import renewed, reverted
from fhircase.mapping.kinds.rule import alike
from fhircase.model import CarePlan, Concept, Goal, Key, Link

ACTIVE, DRAFT = {"status": "active"}, {"status": "draft"}
KEY = Key(kind="care-plan", namespace="https://h.example", value="P-1")


def plan(**fields: Any) -> CarePlan:
    return CarePlan.model_validate({"key": KEY, "client": Link(reference="Patient/1"), **fields})


def goal(id: str, text: str, **fields: Any) -> Goal:
    return Goal(id=id, description=Concept(text=text), **fields)


@pytest.mark.parametrize(
    ("current", "local", "read", "expected"),
    [
        pytest.param(ACTIVE, ACTIVE, DRAFT, ACTIVE, id="ours-is-ours"),
        pytest.param(ACTIVE, {}, DRAFT, DRAFT, id="theirs-means-something-else-now"),
        pytest.param({"title": "a"}, {"title": "a"}, {}, {"title": "a"}, id="ours-has-a-new-place"),
        pytest.param(
            {"status": "active"}, {"status": "active"}, {"status": "draft"}, {"status": "active"}, id="ours-is-ours"
        ),
        pytest.param(
            {"status": "active"}, {}, {"status": "draft"}, {"status": "draft"}, id="theirs-means-something-else-now"
        ),
        pytest.param({"title": "theirs"}, {"title": "a"}, {}, {"title": "theirs"}, id="theirs-has-a-new-place"),
        pytest.param({}, {}, {"title": "x"}, {"title": "x"}, id="an-element-is-newly-owned"),
        pytest.param({"title": "a"}, {"title": "a"}, {"description": "a"}, {"title": "a"}, id="a-place-is-taken-over"),
        pytest.param(
            {"goals": (goal("g1", "a"),)},
            {"goals": (goal("g1", "a"),)},
            {"goals": (goal("g1", "b"), goal("g2", "c"))},
            {"goals": (goal("g1", "a"), goal("g2", "c"))},
            id="items-by-their-ids",
        ),
        pytest.param({"goals": (goal("g1", "a"),)}, {}, {}, {}, id="an-item-of-theirs-is-not-read-any-more"),
        pytest.param(
            {"categories": (Concept(text="a"),)},
            {"categories": (Concept(text="a"),)},
            {"categories": (Concept(text="b"), Concept(text="a"))},
            {"categories": (Concept(text="b"), Concept(text="a"))},
            id="a-list-that-is-read-more-widely-keeps-theirs",
        ),
    ],
)
def test_what_each_side_said_keeps_its_meaning(current, local, read, expected):
    assert renewed(plan(**current), plan(**local), plan(**read)) == plan(**expected)


def test_a_record_that_the_local_system_never_gave_is_as_it_is_read():
    assert renewed(plan(title="a", status="active"), None, plan(status="draft")) == plan(status="draft")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from("abc"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc/~"), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("abcd"), JSON, max_size=4)


@given(OBJECTS, OBJECTS)
def test_what_nobody_changed_since_is_as_it_was(before, after):
    assert reverted(copy.deepcopy(after), after, before) == (before, [])


@given(OBJECTS, OBJECTS)
def test_what_was_not_written_stays_as_it_is_now(now, before):
    made, kept = reverted(now, before, before)
    assert alike(made, now)
    assert kept == []


@given(OBJECTS, OBJECTS, OBJECTS)
def test_only_what_we_wrote_is_touched(now, after, before):
    made, kept = reverted(now, after, before)
    for name in {*now, *after, *before}:
        if name in after and name in before and alike(after[name], before[name]):
            assert made.get(name, ...) == now.get(name, ...)
    assert bool(kept) or all(
        alike(made.get(name), before.get(name))
        for name in {*after, *before}
        if name in now and name in after and alike(now[name], after[name]) and name in before
    )


def test_an_element_that_somebody_added_behind_ours_stays():
    assert reverted({"note": [1, 2, 3]}, {"note": [1, 2]}, {"note": [1]}) == ({"note": [1, 3]}, [])


def test_what_somebody_changed_is_named_and_stays():
    assert reverted({"a": {"b": 3}, "c": 2}, {"a": {"b": 2}, "c": 2}, {"a": {"b": 1}, "c": 1}) == (
        {"a": {"b": 3}, "c": 1},
        ["/a/b"],
    )
