import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhircase.errors import ForeignHost, UnknownOutcome, Unreachable
from fhircase.rest.message import Request, Response
from fhircase.rest.moment import retry_after
from fhircase.rest.retry import Retry, retrying, worth_repeating

ONCE = Request("POST", "https://x/fhir/Task")
TWICE = Request("GET", "https://x/fhir/Task", repeatable=True)


@pytest.mark.parametrize(
    ("outcome", "once", "twice"),
    [
        (Unreachable("refused"), True, True),
        (UnknownOutcome("lost"), False, True),
        (ForeignHost("no"), False, False),
        (Response(429), True, True),
        (Response(503), False, True),
        (Response(502), False, True),
        (Response(504), False, True),
        (Response(500), False, False),
        (Response(412), False, False),
        (Response(200), False, False),
    ],
)
def test_what_may_have_been_done_is_repeated_only_if_twice_is_the_same(outcome, once, twice):
    assert (worth_repeating(ONCE, outcome), worth_repeating(TWICE, outcome)) == (once, twice)


@given(st.integers(1, 50), st.floats(0, 1, exclude_max=True))
def test_waiting_grows_up_to_a_limit_and_ends(attempt, random):
    retry = Retry(attempts=20)
    delay = retry.delay(attempt, TWICE, Unreachable("refused"), random)
    if attempt >= 20:
        assert delay is None
    else:
        assert 0 <= delay <= min(retry.longest, retry.first * 2 ** (attempt - 1))


@given(st.integers(0, 60), st.floats(0, 1, exclude_max=True))
def test_never_shorter_than_the_server_asks(seconds, random):
    assert Retry().delay(1, ONCE, Response(429, {"retry-after": str(seconds)}), random) >= seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": " 5 "}, 5.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "Mon, 01 Jan 2024 00:00:10 GMT"}, None),
        ({"retry-after": "Mon, 01 Jan 2024 00:00:10 GMT", "date": "Mon, 01 Jan 2024 00:00:00 GMT"}, 10.0),
        ({"retry-after": "Mon, 01 Jan 2024 00:00:00 GMT", "date": "Mon, 01 Jan 2024 00:00:10 GMT"}, 0.0),
    ],
)
def test_retry_after_is_read_without_a_clock(headers, seconds):
    assert retry_after(headers) == seconds


def test_the_wait_rides_on_the_next_request():
    talk = retrying(Retry(), lambda: 0.5)(TWICE)
    assert next(talk).wait == 0.0
    assert talk.throw(Unreachable("refused")).wait == 0.25
    assert talk.send(Response(503, {"retry-after": "3"})).wait == 3.5
    with pytest.raises(StopIteration) as done:
        talk.send(Response(200))
    assert done.value.value.status == 200


def test_the_last_error_is_the_one_raised():
    talk = retrying(Retry(attempts=2), lambda: 0.0)(TWICE)
    next(talk)
    talk.throw(Unreachable("first"))
    with pytest.raises(UnknownOutcome, match="second"):
        talk.throw(UnknownOutcome("second"))
