from hypothesis import given
from hypothesis import strategies as st

from fhircase.exchange.order import batches, dependents, groups, islands

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


@given(graphs, st.integers(1, 6))
def test_batches_keep_order_and_limit_unless_one_group_is_larger(links, limit):
    ordered = groups(links)
    made = list(batches(ordered, lambda _: 1, limit))
    assert [key for batch in made for key in batch] == [key for group in ordered for key in group]
    assert all(len(batch) <= limit or batch in ordered for batch in made)


@given(graphs)
def test_islands_have_nothing_to_do_with_each_other(links):
    parts = islands(list(links), links)
    home = {key: number for number, part in enumerate(parts) for key in part}
    assert sorted(home) == sorted(links)
    assert all(home[key] == home[other] for key in links for other in links[key] if other in home)


def test_dependents_are_found_through_others():
    links = {"referral": {"plan"}, "plan": {"case"}, "case": set(), "other": set()}
    assert dependents(["case"], links) == {"plan", "referral"}
