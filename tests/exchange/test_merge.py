from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from tests.strategies import objects

from fhircase.exchange.changes import changed
from fhircase.exchange.equality import same
from fhircase.exchange.merge import WHOLE, apart, merge, within
from fhircase.exchange.policies import policies
from fhircase.model import (
    RECORDS,
    Activity,
    CarePlan,
    Case,
    Client,
    Concept,
    ContactPoint,
    Goal,
    Key,
    Link,
    Note,
    Offer,
    PersonName,
    Referral,
)

KEY = Key(kind="care-plan", namespace="https://h.example", value="P-1")
BASE = CarePlan(
    key=KEY,
    client=Link(display="somebody"),
    title="one",
    status="active",
    goals=(Goal(id="g1", description=Concept(text="eat")), Goal(id="g2", description=Concept(text="sleep"))),
)


CASES = policies("case", "R4", ())


def but(record: Any, **changes: Any) -> Any:
    return type(record).model_validate({name: getattr(record, name) for name in type(record).model_fields} | changes)


def goal(plan, id):
    return next(goal for goal in plan.goals if goal.id == id)


def plan(**changes):
    return but(BASE, **changes)


def with_goals(*goals):
    return plan(goals=goals)


def three(ours, theirs, base=BASE):
    return merge(ours, base, theirs, base)


def test_an_unchanged_side_gives_way():
    news = plan(title="two")
    assert three(BASE, news).record == news
    assert three(BASE, news).from_theirs == ("title",)
    assert three(news, BASE).record == news
    assert three(news, BASE).from_ours == ("title",)


def test_changes_to_different_fields_are_both_kept():
    merged = three(plan(title="two"), plan(status="on-hold"))
    assert (merged.record.title, merged.record.status, merged.conflicts) == ("two", "on-hold", ())


def test_the_same_change_on_both_sides_is_no_conflict():
    assert three(plan(title="two"), plan(title="two")).conflicts == ()


def test_different_changes_to_one_field_are_named_and_theirs_stands():
    merged = three(plan(title="two"), plan(title="three"))
    assert (merged.record.title, merged.conflicts) == ("three", ("title",))


def test_an_old_export_reverts_nothing():
    local, agreed, theirs = BASE, BASE, plan(title="news")
    assert merge(local, local, theirs, agreed).record == theirs


def test_items_are_matched_by_id_and_merged_inside():
    ours = with_goals(but(BASE.goals[0], lifecycle="active"), BASE.goals[1])
    theirs = with_goals(but(BASE.goals[0], achievement="improving"), BASE.goals[1])
    one = goal(three(ours, theirs).record, "g1")
    assert (one.lifecycle, one.achievement) == ("active", "improving")


def test_a_conflict_in_an_item_says_which():
    ours = with_goals(but(BASE.goals[0], lifecycle="active"), BASE.goals[1])
    theirs = with_goals(but(BASE.goals[0], lifecycle="completed"), BASE.goals[1])
    assert three(ours, theirs).conflicts == ("goals[g1].lifecycle",)


def test_items_added_by_both_sides_are_all_there():
    third, fourth = (Goal(id=name, description=Concept(text="more")) for name in ("g3", "g4"))
    merged = three(with_goals(*BASE.goals, third), with_goals(*BASE.goals, fourth))
    assert [goal.id for goal in merged.record.goals] == ["g1", "g2", "g4", "g3"]


def test_an_item_removed_by_one_side_and_left_alone_by_the_other_is_gone():
    merged = three(with_goals(BASE.goals[0]), plan(title="two"))
    assert [goal.id for goal in merged.record.goals] == ["g1"]
    assert merged.conflicts == ()


def test_an_item_removed_by_one_side_and_changed_by_the_other_is_a_conflict():
    merged = three(with_goals(BASE.goals[0]), with_goals(BASE.goals[0], but(BASE.goals[1], lifecycle="active")))
    assert merged.conflicts == ("goals[g2]",)
    assert goal(merged.record, "g2").lifecycle == "active"


def test_a_new_order_of_one_side_is_kept_beside_a_change_of_the_other():
    ours = with_goals(BASE.goals[1], BASE.goals[0])
    theirs = with_goals(but(BASE.goals[0], lifecycle="active"), BASE.goals[1])
    merged = three(ours, theirs)
    assert [(goal.id, goal.lifecycle) for goal in merged.record.goals] == [("g2", "unspecified"), ("g1", "active")]


def test_without_any_base_what_only_one_side_says_is_kept_and_what_both_say_is_asked():
    merged = merge(plan(description="ours"), None, plan(title="theirs"), None)
    assert merged.record.description == "ours"
    assert merged.conflicts == ("title",)


def test_a_result_that_breaks_a_rule_of_the_model_is_a_conflict():
    served = Activity(id="a1", goals=("g2",))
    ours, theirs = plan(activities=(served,)), with_goals(BASE.goals[0])
    merged = three(ours, theirs)
    assert merged.record == theirs
    assert merged.conflicts == (WHOLE, "activities[a1]")


def test_code_and_words_of_a_concept_are_not_mixed():
    base = but(BASE, status_reason=Concept(text="a"))
    assert three(
        but(base, status_reason=Concept(text="b")), but(base, status_reason=Concept(text="c")), base
    ).conflicts == ("status_reason",)


@pytest.fixture
def case():
    key = Key(kind="case", namespace="https://h.example", value="C-1")
    return Case(key=key, client=Client(names=(PersonName(family="Old"),)))


def test_who_the_client_is_says_the_server(case):
    ours = but(case, client=Client(names=(PersonName(family="Ours"),)), status="active")
    theirs = but(case, client=Client(names=(PersonName(family="Theirs"),)))
    merged = merge(ours, case, theirs, case, policies=CASES)
    assert merged.record.client == theirs.client
    assert (merged.record.status, merged.conflicts, merged.overruled) == ("active", (), ("client",))


def test_until_a_server_knows_the_client_the_client_is_ours_to_say(case):
    ours = but(case, client=Client(points=(ContactPoint(value="1"),)))
    assert merge(ours, case, case, case, policies=CASES, linked=False).record == ours


def test_a_mere_link_to_the_client_takes_nothing_away(case):
    theirs = but(case, client=Client(link=Link(reference="Patient/1")))
    assert merge(case, case, theirs, case, policies=CASES).record == case


def test_versions_of_different_records_are_not_merged():
    with pytest.raises(ValueError, match="one record"):
        three(BASE, plan(key=but(KEY, value="P-2")))


def test_changed_paths_name_the_item():
    key = Key(kind="referral", namespace="https://h.example", value="R-1")
    before = Referral(key=key, client=Link(display="x"), offers=(Offer(id="o1", status="sent"),))
    after = but(before, offers=(Offer(id="o1", status="accepted", notes=(Note(text="t"),)),))
    assert changed(before, after) == ("offers[o1].status", "offers[o1].notes")


few = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
"""Drawing whole records is slow, and each example merges every field of one."""


@st.composite
def versions(draw):
    """Four versions of one record: each side's base and what it says now."""
    kind = draw(st.sampled_from(list(RECORDS)))
    strategy = objects(RECORDS[kind])
    first = draw(strategy)
    pool = [first, *(_as(first, draw(strategy)) for _ in range(2))]
    return [draw(_mixture(pool)) for _ in range(4)]


def _as(first, other):
    try:
        return but(
            other,
            key=first.key,
            **({"id": first.id, "client": first.client} if hasattr(first, "id") else {}),
            **({"nature": first.nature} if hasattr(first, "nature") else {}),
        )
    except ValueError:
        return first


@st.composite
def _mixture(draw, pool):
    """Fields of several versions, so that many are equal."""
    picked = {name: getattr(draw(st.sampled_from(pool)), name) for name in type(pool[0]).model_fields}
    try:
        return type(pool[0]).model_validate(picked)
    except ValueError:
        return pool[0]


@few
@given(versions())
def test_whatever_happens_there_is_a_record_and_it_is_always_the_same(four):
    one, other = merge(*four), merge(*four)
    assert same(one.record, other.record)
    assert one == other
    assert type(four[0]).model_validate(one.record.model_dump()) == one.record


@few
@given(versions())
def test_a_side_that_changed_nothing_takes_all_of_the_other(four):
    ours, theirs, base, _ = four
    assert same(merge(ours, ours, theirs, base, linked=False).record, theirs)


@few
@given(versions())
def test_what_changed_is_what_a_merge_takes_from_a_side_that_alone_changed_something(four):
    ours, theirs, *_ = four
    merged = merge(ours, ours, theirs, ours)
    assert merged.from_theirs == changed(ours, theirs)
    assert same(merged.record, theirs)


@few
@given(versions())
def test_no_change_of_either_side_is_lost_without_being_named(four):
    ours, ours_base, theirs, theirs_base = four
    merged = merge(ours, ours_base, theirs, theirs_base)
    named = {path.split(".")[0].split("[")[0] for path in (*merged.conflicts, *merged.overruled)}
    for name in type(ours).model_fields:
        mine, other, made = (getattr(record, name) for record in (ours, theirs, merged.record))
        if not same(other, getattr(theirs_base, name)) and not same(made, other):
            # Theirs moved and is not what came out: then ours added to it, in a list or inside an object.
            assert name in named or not same(mine, getattr(ours_base, name)) or _mere_link(name, other)
        if not same(mine, getattr(ours_base, name)) and not same(made, mine):
            told = name in named or WHOLE in named or not same(other, getattr(theirs_base, name)) or name == "client"
            assert told or _ours_inside(mine, getattr(ours_base, name), made)


def _ours_inside(mine, base, made):
    """Whether all that ours said or took back inside a field came out so, whatever else theirs had there."""
    if isinstance(mine, BaseModel):
        was = {name: getattr(base, name, info.default) for name, info in type(mine).model_fields.items()}
        moved = [name for name in was if not same(getattr(mine, name), was[name])]
        return type(made) is type(mine) and all(same(getattr(made, name), getattr(mine, name)) for name in moved)
    ids, before, after = ({getattr(item, "id", None) for item in side} for side in (mine, base, made))
    return None not in ids | before | after and ids - before <= after and not (before - ids) & after


@few
@given(versions())
def test_scalars_that_both_sides_changed_apart_are_always_named(four):
    ours, ours_base, theirs, theirs_base = four
    merged = merge(ours, ours_base, theirs, theirs_base)
    for name in type(ours).model_fields:
        sides = [getattr(record, name) for record in four]
        plain = all(isinstance(side, str | None) for side in sides)
        apart = not any(same(*pair) for pair in ((sides[0], sides[1]), (sides[2], sides[3]), (sides[0], sides[2])))
        if plain and apart:
            assert name in merged.conflicts
            assert same(getattr(merged.record, name), getattr(theirs, name))


def _mere_link(name, value):
    return name == "client" and getattr(value, "link", None) is not None


def notes(*texts):
    return tuple(Note(text=text) for text in texts)


def noted(*texts):
    return plan(notes=notes(*texts))


def test_notes_that_both_sides_append_are_all_kept_theirs_first():
    merged = three(noted("a", "b"), noted("a", "c"), noted("a"))
    assert (merged.record.notes, merged.conflicts) == (notes("a", "c", "b"), ())
    assert (merged.from_ours, merged.from_theirs) == (("notes",), ("notes",))


def test_the_same_note_appended_by_both_sides_is_there_once():
    merged = three(noted("a", "b", "d"), noted("a", "b"), noted("a"))
    assert merged.record.notes == notes("a", "b", "d")


def test_a_side_that_never_took_over_the_others_notes_may_add_again():
    first = three(noted("ours 1"), noted("theirs"), noted())
    assert first.record.notes == notes("theirs", "ours 1")
    second = three(noted("ours 1", "ours 2"), first.record, noted("ours 1"))
    assert (second.record.notes, second.conflicts) == (notes("theirs", "ours 1", "ours 2"), ())


@pytest.mark.parametrize("ours", [("b",), ("A", "b"), ()])
def test_a_list_that_one_side_did_more_to_than_add_to_is_a_conflict(ours):
    merged = three(noted(*ours), noted("a", "c"), noted("a"))
    assert (merged.record.notes, merged.conflicts) == (notes("a", "c"), ("notes",))


def test_without_a_base_nobody_knows_what_was_appended():
    assert merge(noted("a"), None, noted("b"), None).conflicts == ("notes",)


texts = st.lists(st.sampled_from("abcd"), max_size=4)


@given(texts, texts, texts, texts)
def test_what_both_sides_append_is_never_lost_and_never_doubled(base, other_base, ours, theirs):
    merged = merge(noted(*base, *ours), noted(*base), noted(*other_base, *theirs), noted(*other_base))
    made = [note.text for note in merged.record.notes]
    assert merged.conflicts == () or other_base != base
    if ours and theirs and merged.conflicts == ():
        assert made[: len(other_base) + len(theirs)] == other_base + theirs
        assert set(ours) <= set(made)
        assert all(made.count(text) <= (other_base + theirs + ours).count(text) for text in made)


@given(texts, texts, texts)
def test_either_order_of_merging_keeps_the_same_notes(base, ours, theirs):
    one = three(noted(*base, *ours), noted(*base, *theirs), noted(*base)).record.notes
    other = three(noted(*base, *theirs), noted(*base, *ours), noted(*base)).record.notes
    assert {note.text for note in one} == {note.text for note in other}


@pytest.mark.parametrize(
    ("path", "differs"),
    [
        ("title", True),
        ("description", False),
        ("goals[g1].lifecycle", True),
        ("goals[g1]", True),
        ("goals", True),
        ("goals[g2]", False),
        ("goals[]", False),
        (WHOLE, True),
    ],
)
def test_what_two_versions_still_differ_at(path, differs):
    other = plan(title="two", goals=(but(BASE.goals[0], lifecycle="active"), BASE.goals[1]))
    assert apart([path], BASE, other) == ((path,) if differs else ())


def test_a_path_lies_within_the_places_around_it():
    assert within(["goals[g1].target[t1]", "title"], ["goals[g1]", "title"])
    assert not within(["goals[g1]"], ["goals[g1].lifecycle"])
    assert not within(["titles"], ["title"])
    assert within(["title"], [WHOLE])
