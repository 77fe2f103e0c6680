"""What policies make of both sides' changes: nothing lost unnamed, no status taken back, stale exports mute."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.often import often
from tests.strategies import objects
from tests.world import but

from fhircase.exchange.changes import ABSENT, changed
from fhircase.exchange.equality import same
from fhircase.exchange.merge import Merged, merge, within
from fhircase.exchange.places import value_at
from fhircase.exchange.policies import passed_over, policies
from fhircase.fhir import jsontext
from fhircase.mapping.merging import Merging, Policy
from fhircase.model import RECORDS, CarePlan, Case, Client, Concept, Goal, Key, Link, Note, PersonName, Referral

KEY = Key(kind="care-plan", namespace="https://h.example", value="P-1")
BASE = CarePlan(key=KEY, client=Link(display="somebody"), title="one", goals=(Goal(id="g1"), Goal(id="g2")))
STATUS = policies("referral", "R4", ())["status"]


def referral(status: str) -> Referral:
    key = Key(kind="referral", namespace="https://h.example", value="R-1")
    return Referral(key=key, client=Link(display="x"), status=status)


def told(known: str, said: str, base: str, *, by_us: bool) -> Merged[Referral]:
    """One side says a status, and the other is what is known."""
    ours, theirs = (said, known) if by_us else (known, said)
    before, now = referral(base), (referral(ours), referral(theirs))
    return merge(now[0], before, now[1], before, policies=policies("referral", "R4", ()), told_by_us=by_us)


@pytest.mark.parametrize("by_us", [True, False])
@pytest.mark.parametrize(
    ("known", "said", "base", "stands", "named"),
    [
        ("sent", "completed", "sent", "completed", ()),
        ("completed", "sent", "completed", "completed", ("status",)),
        ("completed", "sent", "draft", "completed", ("status",)),
        ("sent", "completed", "draft", "completed", ("status",)),
        ("completed", "entered-in-error", "completed", "entered-in-error", ()),
        ("completed", "sent", "sent", "completed", ()),
        ("suspended", "sent", "suspended", "sent", ()),
        ("completed", "local:odd", "completed", "local:odd", ()),
    ],
)
def test_a_status_only_goes_forward_whoever_says_so(by_us, known, said, base, stands, named):
    merged = told(known, said, base, by_us=by_us)
    assert (merged.record.status, merged.conflicts, merged.overruled) == (stands, (), named)


@pytest.mark.parametrize("by_us", [True, False])
def test_statuses_that_stand_beside_each_other_are_asked(by_us):
    merged = told("completed", "cancelled", "sent", by_us=by_us)
    assert merged.conflicts == ("status",)
    assert merged.record.status == ("completed" if by_us else "cancelled"), "the server's stands"


@pytest.mark.parametrize(("policy", "stands"), [(Policy.OURS, "ours"), (Policy.THEIRS, "theirs")])
def test_one_sides_word_counts_only_where_both_have_changed_it(policy, stands):
    known = {"title": Merging(policy)}
    both = merge(but(BASE, title="ours"), BASE, but(BASE, title="theirs"), BASE, policies=known)
    assert (both.record.title, both.conflicts, both.overruled) == (stands, (), ("title",))
    for side, other in ((but(BASE, title="new"), BASE), (BASE, but(BASE, title="new"))):
        one = merge(side, BASE, other, BASE, policies=known)
        assert (one.record.title, one.overruled) == ("new", ())


def test_a_policy_holds_for_all_that_is_in_the_field_unless_a_part_states_its_own():
    known = {"goals": Merging(Policy.THEIRS), "goals.start": Merging(Policy.ASK)}
    ours, theirs = (
        but(BASE, goals=(but(BASE.goals[0], status_reason=word, start=day), BASE.goals[1]))
        for word, day in (("ours", "2026"), ("theirs", "2027"))
    )
    merged = merge(ours, BASE, theirs, BASE, policies=known)
    assert (merged.conflicts, merged.overruled) == (("goals[g1].start",), ("goals[g1].status_reason",))


def noted(*texts: str) -> CarePlan:
    return but(BASE, notes=tuple(Note(text=text) for text in texts))


def test_a_union_keeps_what_either_added_and_drops_what_either_took_out():
    merged = merge(
        noted("b", "c", "ours"), noted("a", "b", "c"), noted("a", "b", "theirs"), noted("a", "b", "c"),
        policies={"notes": Merging(Policy.UNION)},
    )  # fmt: skip
    assert [note.text for note in merged.record.notes] == ["b", "theirs", "ours"]
    assert (merged.conflicts, merged.overruled) == ((), ())


def test_in_a_union_of_items_what_was_changed_outlives_its_being_taken_out():
    gone = but(BASE, goals=BASE.goals[:1])
    edited = but(BASE, goals=(BASE.goals[0], but(BASE.goals[1], description=Concept(text="sleep"))))
    for ours, theirs in ((gone, edited), (edited, gone)):
        merged = merge(ours, BASE, theirs, BASE, policies={"goals": Merging(Policy.UNION)})
        assert merged.record.goals[1].description == Concept(text="sleep")
        assert (merged.conflicts, merged.overruled) == ((), ("goals[g2]",))


def test_what_was_passed_over_is_told_with_the_policy_and_without_a_value():
    known = policies("case", "R4", ())
    owned, forward = passed_over(["client.names", "reviews[r1].status"], known)
    assert (owned.path, owned.rule) == ("client.names", "what belongs to the server")
    assert (forward.path, forward.rule) == ("reviews[r1].status", "a status only goes forward")


def test_who_the_client_is_says_the_server_by_a_policy_of_the_mapping():
    for fhir in ("R4", "R4B", "R5"):
        assert policies("case", fhir, ())["client"] == Merging(Policy.THEIRS, owned=True)
    case = Case(key=Key(kind="case", namespace="https://h.example", value="C"), client=Client())
    ours = but(case, client=Client(names=(PersonName(family="Ours"),)))
    merged = merge(ours, case, case, case, policies=policies("case", "R4", ()))
    assert (merged.record, merged.overruled) == (case, ("client",))


# -- whatever both sides do ------------------------------------------------------------------------------


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, Any, Any, Any]:
    """A kind of record, one of it, and what each side has made of it."""
    kind = draw(st.sampled_from(list(RECORDS)))
    base = draw(objects(RECORDS[kind]))
    return kind, base, *(draw(_edits(kind, base)) for _ in range(2))


@st.composite
def _edits(draw: st.DrawFn, kind: str, base: Any) -> Any:
    """Some fields as another record has them; of lists, entries of both."""
    other = draw(objects(RECORDS[kind]))
    fixed = {"key", "id", "nature", "custom"} | ({"client"} if hasattr(base, "id") else set())
    names = [name for name in type(base).model_fields if name not in fixed]
    for name in draw(st.lists(st.sampled_from(names), max_size=4, unique=True)):
        mine, theirs = getattr(base, name), getattr(other, name)
        value = theirs
        if isinstance(mine, tuple) and isinstance(theirs, tuple):
            value = tuple(draw(st.permutations([*_distinct(mine, theirs)])))[: draw(st.integers(0, 4))]
        try:
            base = but(base, **{name: value})
        except ValueError:
            continue
    return base


def _distinct(*lists: tuple[Any, ...]) -> list[Any]:
    found: dict[Any, Any] = {}
    for number, each in enumerate(each for items in lists for each in items):
        found.setdefault(getattr(each, "id", number), each)
    return list(found.values())


def _twins(data: Any) -> bool:
    """Whether a list in it has an entry twice."""
    inside = list(data.values()) if isinstance(data, dict) else data if isinstance(data, list) else []
    texts = [jsontext.encode(each) for each in inside] if isinstance(data, list) else []
    return len(set(texts)) < len(texts) or any(map(_twins, inside))


def plain(record: Any) -> dict[str, Any]:
    data: dict[str, Any] = jsontext.decode(jsontext.encode(record.model_dump(exclude_defaults=True)))
    return data


def came_to_be(path: str, base: Any, side: Any, merged: Any) -> bool:
    """Whether what a side made of a place is so in the record; of a list, what it added and what it took out."""
    was, said, made = (value_at(plain(each), path) for each in (base, side, merged))
    if said == made:
        return True
    lists = [[] if each is ABSENT else each for each in (was, said, made)]
    if not all(isinstance(each, list) for each in lists):
        return False
    before, now, found = lists
    if path.endswith("[]"):
        return [each for each in found if each in now] == [each for each in now if each in found]
    added = [each for each in now if each not in before]
    return all(each in found for each in added)


@often(150)
@given(edited(), st.booleans(), st.booleans())
def test_no_change_of_either_side_is_lost_without_being_named(drawn, by_us, shipped):
    kind, base, ours, theirs = drawn
    known = policies(kind, "R4", ()) if shipped else {}
    merged = merge(ours, base, theirs, base, policies=known, linked=False, told_by_us=by_us)
    named = [*merged.conflicts, *merged.overruled]
    for side in (ours, theirs):
        for path in changed(base, side):
            around = [each for each in named if within([path], [each]) or within([each], [path])]
            assert around or came_to_be(path, base, side, merged.record), path


@often(100)
@given(edited(), st.booleans())
def test_merging_again_what_was_merged_changes_nothing(drawn, by_us):
    kind, base, ours, theirs = drawn
    # Of two entries that say the same and have no id nobody can tell which one was taken out.
    assume(not any(_twins(plain(each)) for each in (base, ours, theirs)))
    how = {"policies": policies(kind, "R4", ()), "linked": False, "told_by_us": by_us}
    merged = merge(ours, base, theirs, base, **how)
    assert same(merge(ours, base, theirs, base, **how).record, merged.record), "the same again"
    replayed = merge(merged.record, base, theirs, base, policies=how["policies"], linked=False)
    assert same(replayed.record, merged.record), "as when an answer was lost after it was kept"
    after = merge(merged.record, theirs, theirs, theirs, policies=how["policies"], linked=False)
    assert (after.conflicts, after.overruled, same(after.record, merged.record)) == ((), (), True)


@often(100)
@given(edited())
def test_a_stale_export_pushed_after_a_pull_writes_nothing(drawn):
    kind, local, _, current = drawn
    known = policies(kind, "R4", ())
    merged = merge(local, local, current, local, policies=known, linked=False, told_by_us=True)
    assert same(merged.record, current)
    assert (merged.conflicts, merged.overruled, merged.from_ours) == ((), (), ())


words = st.sampled_from([*STATUS.steps])


@often(200)
@given(words, st.lists(st.tuples(st.booleans(), words), max_size=8))
def test_whatever_is_said_in_whatever_order_a_status_never_goes_back(first, messages):
    known = policies("referral", "R4", ())
    local = agreed = current = referral(first)
    for by_us, word in messages:
        said = referral(word)
        before = current
        if by_us:
            current = merge(said, local, current, local, policies=known, told_by_us=True).record
            local = said
        else:
            current = merge(current, agreed, said, agreed, policies=known).record
            agreed = said
        assert STATUS.steps[current.status] >= STATUS.steps[before.status]
