"""A server that fails is left in peace; one that says bundles are too large gets smaller ones."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.faults import Between, between, outcome
from tests.world import but, lines

from fhircase.exchange.breaker import FAILURES
from fhircase.fhir import jsontext
from fhircase.model import Note
from fhircase.worker import circuit as circuits
from fhircase.worker.station import now


@pytest.fixture
def way(sekmet) -> Iterator[Between]:
    with between(sekmet) as way:
        yield way


def failing(method, path, body):
    return (503, outcome("transient"))


@pytest.fixture
def at_once(monkeypatch):
    """Nothing is sent twice within a push, so that a test need not wait."""
    monkeypatch.setattr("fhircase.rest.retry.Retry.delay", lambda *_: None)


def shut(world, way):
    """A hospital whose server has failed often enough."""
    world.patient(0)
    hospital = world.hospital(url=way.url)
    way.fault = failing
    for _ in range(FAILURES):
        hospital.push(lines(world.caseload(1)))
    return hospital


def test_a_server_that_fails_again_and_again_is_not_asked_for_a_while_by_any_command(world, way, at_once):
    hospital = shut(world, way)
    hospital.close()
    heard = len(way.heard)
    again = world.hospital(url=way.url, organization="Organization/1")
    pushed, pulled = again.push(lines(world.caseload(1))), again.pull()

    assert len(way.heard) == heard
    assert pushed.stopped == pulled.stopped
    assert "is not asked before" in pushed.stopped
    assert f"after {FAILURES} failed requests in a row" in pushed.stopped
    assert len(pushed.owed) == 3


def test_once_the_time_has_passed_one_answer_makes_all_go_on(world, way, at_once, monkeypatch):
    hospital = shut(world, way)
    hospital.close()
    way.fault = None
    monkeypatch.setattr("fhircase.wiring.now", lambda: now() + timedelta(minutes=2))
    report = world.hospital(url=way.url).push()

    assert (report.stopped, report.outstanding) == ("", 0)
    assert circuits.FACT not in world.hospital(url=way.url).ledger.facts("ehr")


def test_a_trial_that_fails_is_one_request(world, way, at_once, monkeypatch):
    hospital = shut(world, way)
    hospital.close()
    monkeypatch.setattr("fhircase.wiring.now", lambda: now() + timedelta(minutes=2))
    heard = len(way.heard)
    report = world.hospital(url=way.url).push()

    assert report.stopped
    assert len(way.heard) == heard + 1


def test_one_server_s_trouble_is_not_another_s(world, way, at_once):
    shut(world, way).close()
    assert world.hospital("other").push(lines(world.caseload(1))).outstanding == 0


def test_bundles_are_halved_for_a_server_that_says_they_are_too_large_and_the_next_push_knows(world, way):
    for number in range(12):
        world.patient(number)
    refused, sizes, lock = [], [], threading.Lock()

    def small(method, path, body):
        if method == "POST" and b'"transaction"' in body:
            with lock:
                size = len(jsontext.decode(body)["entry"])
                sizes.append(size)
                if size > 10:
                    refused.append(size)
                    return (413, outcome("too-long"))
        return None

    way.fault = small
    hospital = world.hospital(url=way.url, bundle_entries=60, parallel=1)
    report = hospital.push(lines(world.caseload(12)))
    assert (report.sent, report.outstanding, world.doubled()) == (36, 0, [])
    assert len(refused) <= 5
    hospital.close()

    refused.clear()
    changed = [but(world.plan(number), title="again") for number in range(12)]
    again = world.hospital(url=way.url, bundle_entries=60, parallel=1)
    assert again.push(lines(changed)).outstanding == 0
    assert len(refused) <= 1


def test_a_record_too_large_for_the_server_is_refused_in_plain_words_and_stops_nobody(world, way):
    for number in range(3):
        world.patient(number)

    def small(method, path, body):
        return (413, outcome("too-long")) if method == "POST" and len(body) > 30_000 else None

    way.fault = small
    large = but(world.case(1), notes=tuple(Note(text="x" * 4_000) for _ in range(9)))
    report = world.hospital(url=way.url).push(lines([world.case(0), large, world.case(2)]))

    assert [(standing.key.value, standing.code) for standing in report.refused] == [("C-1", "too-large")]
    assert "more than the server takes in one request" in report.refused[0].reason
    assert report.sent == 2
