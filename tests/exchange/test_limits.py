from hypothesis import given
from hypothesis import strategies as st
from tests.often import often

from fhircase.exchange.limits import Learned
from fhircase.exchange.schedule import Limits

MOST = Limits(100, 1_000_000)


def test_too_large_halves_at_once_and_once_for_several_of_one_size():
    sent = Limits(100, 400_000)
    learned = Learned(MOST, MOST).too_large(sent).too_large(sent).too_large(sent)
    assert learned.now == Limits(50, 200_000)


def test_a_full_bundle_that_is_answered_quickly_lets_it_grow_a_little():
    learned = Learned(Limits(50, 200_000), MOST).answered(Limits(50, 100_000), 1, 30)
    assert learned.now == Limits(52, 210_000)


def test_a_small_bundle_says_nothing_about_larger_ones():
    learned = Learned(Limits(50, 200_000), MOST)
    assert learned.answered(Limits(3, 9_000), 1, 30) == learned


def test_a_slow_answer_makes_the_next_smaller_and_none_halves_it():
    learned = Learned(MOST, MOST)
    assert learned.answered(Limits(100, 1_000), 20, 30).now.entries == 75
    assert learned.no_answer(Limits(100, 1_000)).now.entries == 50


events = st.lists(st.tuples(st.sampled_from(["large", "late", "slow", "fine"]), st.integers(1, 100)))


@often(200)
@given(events)
def test_it_stays_between_one_entry_and_what_the_settings_allow(events):
    learned = Learned(MOST, MOST)
    for what, share in events:
        sent = Limits(max(1, learned.now.entries * share // 100), learned.now.bytes * share // 100)
        match what:
            case "large":
                learned = learned.too_large(sent)
            case "late":
                learned = learned.no_answer(sent)
            case _:
                learned = learned.answered(sent, 29 if what == "slow" else 0.1, 30)
        assert 1 <= learned.now.entries <= MOST.entries
        assert 1_000 <= learned.now.bytes <= MOST.bytes
