from hypothesis import given
from hypothesis import strategies as st

from fhircase.exchange.order import dependents, groups, halves, islands

graphs = st.integers(1, 12).flatmap(
    lambda size: st.dictionaries(st.integers(0, size), st.sets(st.integers(0, size), max_size=4), min_size=1)
)


def test_what_is_referred_to_goes_first():
    assert groups({"referral": {"plan", "case"}, "plan": {"case"}, "case": set()}) == [
        ("case",),
        ("plan",),
        ("referral",),
    ]


def test_a_circle_goes_together():
    assert groups({"plan": {"referral", "case"}, "referral": {"plan"}, "case": {"elsewhere"}}) == [
        ("case",),
        ("plan", "referral"),
    ]


@given(graphs)
def test_every_record_is_in_one_group_and_refers_only_to_its_own_and_earlier_ones(links):
    found = groups(links)
    assert sorted(key for group in found for key in group) == sorted(links)
    before = set()
    for group in found:
        before |= set(group)
        assert all(other in before or other not in links for key in group for other in links[key])


@given(graphs)
def test_only_those_that_reach_each_other_are_grouped(links):
    def reaches(start):
        seen, fresh = set(), [start]
        while fresh:
            for other in links.get(fresh.pop(), ()):
                if other in links and other not in seen:
                    seen.add(other)
                    fresh.append(other)
        return seen

    for group in groups(links):
        assert len(group) == 1 or all(set(group) <= reaches(key) for key in group)


@given(graphs)
def test_halves_hold_everything_and_cut_no_circle_that_need_not_be_cut(links):
    keys = [key for group in groups(links) for key in group]
    if len(keys) == 1:
        return
    first, second = halves(keys, links)
    assert first
    assert second
    assert sorted([*first, *second]) == sorted(keys)
    if len(groups(links)) > 1:
        inside = [set(group) <= set(first) or set(group) <= set(second) for group in groups(links)]
        assert all(inside)


@given(graphs)
def test_the_first_half_refers_to_nothing_in_the_second_unless_all_is_one_circle(links):
    keys = [key for group in groups(links) for key in group]
    if len(groups(links)) > 1:
        first, second = halves(keys, links)
        assert not any(other in second for key in first for other in links[key])


@given(st.integers(2, 300), st.data())
def test_halving_finds_one_among_many_in_as_many_steps_as_it_has_binary_digits(size, data):
    bad = data.draw(st.integers(0, size - 1))
    keys: tuple[int, ...] = tuple(range(size))
    steps = 0
    while len(keys) > 1:
        keys = next(half for half in halves(keys, {}) if bad in half)
        steps += 1
    assert steps <= (size - 1).bit_length()


@given(graphs)
def test_islands_have_nothing_to_do_with_each_other(links):
    parts = islands(list(links), links)
    home = {key: number for number, part in enumerate(parts) for key in part}
    assert sorted(home) == sorted(links)
    assert all(home[key] == home[other] for key in links for other in links[key] if other in home)


def test_dependents_are_found_through_others():
    links = {"referral": {"plan"}, "plan": {"case"}, "case": set(), "other": set()}
    assert dependents(["case"], links) == {"plan", "referral"}
