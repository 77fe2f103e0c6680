import pytest

from fhircase.client import FHIRClient
from fhircase.rest.message import Response
from fhircase.rest.rate import Rate, asked, paced


def test_requests_are_spread_over_the_second_whoever_makes_them():
    rate = Rate(4)
    assert [rate.wait(10.0) for _ in range(4)] == [0, 0.25, 0.5, 0.75]
    assert rate.wait(20.0) == 0


def test_without_a_limit_nobody_waits():
    rate = Rate()
    assert [rate.wait(10.0) for _ in range(3)] == [0, 0, 0]


def test_what_one_answer_asks_for_holds_for_everybody():
    rate = Rate()
    rate.answered(429, {"retry-after": "3"}, 10.0)
    assert rate.wait(11.0) == 2


def test_nobody_sits_out_hours():
    rate = Rate()
    rate.answered(503, {"retry-after": "7200"}, 10.0)
    assert rate.wait(11.0) == 0


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (200, {}, None),
        (200, {"x-ratelimit-remaining": "5", "x-ratelimit-reset": "30"}, None),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"}, 30),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, None),
        (200, {"x-ratelimit-remaining": "0"}, None),
        (
            200,
            {
                "x-ratelimit-remaining": "0",
                "x-ratelimit-reset": "1767225610",
                "date": "Thu, 01 Jan 2026 00:00:00 GMT",
            },
            10,
        ),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1767225610"}, None),
        (429, {"retry-after": "7"}, 7),
        (500, {"retry-after": "7"}, None),
    ],
)
def test_what_an_answer_asks_for(status, headers, seconds):
    assert asked(status, headers) == seconds


def test_each_try_takes_its_turn_and_the_driver_sleeps():
    time, slept, answers = (
        [100.0],
        [],
        [Response(429, {"retry-after": "2"}), Response(200, {}, b'{"resourceType": "Patient"}')],
    )
    layer = paced(Rate(2), lambda: time[0])

    def sleep(seconds):
        slept.append(seconds)
        time[0] += seconds

    client = FHIRClient("https://f.example/r4", wire=[layer], sleep=sleep, random=lambda: 0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "_send", lambda request: answers.pop(0))
        assert client.read("Patient", "1").resource == {"resourceType": "Patient"}
    client.close()
    assert sum(slept) == pytest.approx(2)
