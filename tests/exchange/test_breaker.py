from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.often import often

from fhircase.exchange.breaker import FAILURES, LONGEST, Breaker

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def failing(breaker, times, now=NOW, after=None):
    for _ in range(times):
        breaker = breaker.failed(now, "503", after=after, random=0.5)
    return breaker


def test_a_few_failures_shut_nobody_out_and_an_answer_forgives_them():
    few = failing(Breaker(), FAILURES - 1)
    assert not few.shut_out(NOW)
    assert not failing(few.answered(), FAILURES - 1).shut_out(NOW)


def test_many_in_a_row_shut_the_server_out_until_a_time():
    breaker = failing(Breaker(), FAILURES)
    assert breaker.shut_out(NOW + timedelta(seconds=10))
    assert not breaker.shut_out(NOW + timedelta(seconds=31))


def test_what_was_on_the_wire_when_it_opened_does_not_count_again():
    breaker = failing(Breaker(), FAILURES)
    assert failing(breaker, 3) == breaker


def test_a_failed_trial_shuts_it_out_for_longer_each_time():
    breaker, now, pauses = failing(Breaker(), FAILURES), NOW, []
    for _ in range(12):
        now = breaker.until + timedelta(seconds=1)
        breaker = failing(breaker, 1, now)
        pauses.append(breaker.until - now)
    assert pauses == sorted(pauses)
    assert pauses[0] > timedelta(seconds=30)
    assert pauses[-1] <= LONGEST


@pytest.mark.parametrize("after", [5.0, 7200.0])
def test_what_the_server_asks_for_counts_at_once_however_long(after):
    breaker = failing(Breaker(), 1, after=after)
    assert breaker.shut_out(NOW + timedelta(seconds=after))
    assert not breaker.shut_out(NOW + timedelta(seconds=after + 2))


@often(200)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5000), st.sampled_from([None, None, 10.0]))))
def test_it_is_never_shut_out_without_end_and_only_after_enough_failures(events):
    breaker, now, row = Breaker(), NOW, 0
    for fine, seconds, after in events:
        now += timedelta(seconds=seconds)
        if breaker.shut_out(now):
            assert breaker.until - now <= LONGEST + timedelta(seconds=11)
            continue
        breaker = breaker.answered() if fine else breaker.failed(now, "", after=after, random=0.9)
        row = 0 if fine else row + 1
        assert not breaker.shut_out(now) or row >= FAILURES or after or breaker.opened > 1
