"""What becomes of records when the way to a real server, or the server, fails."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults import Between, between, outcome
from tests.world import but, lines

from fhircase.fhir import jsontext
from fhircase.ledger import State


@pytest.fixture
def way(sekmet) -> Iterator[Between]:
    with between(sekmet) as way:
        yield way


def again(site, records=()):
    """Push until nothing is owed any more, as an operator would."""
    for _ in range(8):
        report = site.push(records)
        if not report.owed:
            return report
        time.sleep(1.1)
    raise AssertionError(report)


@pytest.mark.parametrize("fault", ["lost", "cut"])
def test_a_lost_answer_is_looked_into_before_anything_is_sent_again(world, way, fault):
    world.patient(0)
    hospital = world.hospital(url=way.url)
    way.once(fault)
    first = hospital.push(lines(world.caseload(1)))
    assert len(first.owed) == 3
    report = again(hospital)

    assert (report.outstanding, report.created, world.doubled()) == (0, 0, [])
    assert hospital.pull().changes == ()


def test_a_lost_answer_to_an_update_is_no_conflict(world, way):
    world.patient(0)
    hospital = world.hospital(url=way.url)
    hospital.push(lines(world.caseload(1)))
    way.once("lost")
    hospital.push(lines([but(world.plan(0), title="another")]))
    report = again(hospital)

    assert (report.outstanding, report.conflicts) == (0, ())
    assert world.one("CarePlan", "care-plan", "P-0")["title"] == "another"


def test_an_edit_after_a_lost_answer_goes_over(world, way):
    world.patient(0)
    hospital = world.hospital(url=way.url)
    way.once("lost")
    hospital.push(lines([world.case(0), world.plan(0)]))
    report = again(hospital, lines([but(world.plan(0), title="another")]))

    assert report.outstanding == 0
    assert world.one("CarePlan", "care-plan", "P-0")["title"] == "another"


def test_an_edit_goes_over_after_an_attempt_that_was_done_unheard_and_repeated_in_vain(world, way):
    world.patient(0)
    hospital = world.hospital(url=way.url)
    answers = ["gateway", *[(503, outcome("transient"))] * 3]
    way.fault = lambda method, path, body: answers.pop(0) if answers and b"transaction" in body else None
    hospital.push(lines([world.referral(0)]))
    assert answers == []
    report = again(hospital, lines([but(world.referral(0), urgency="urgent")]))

    assert (report.outstanding, world.doubled()) == (0, [])
    assert world.one("ServiceRequest", "referral", "R-0")["priority"] == "urgent"


def test_one_record_that_the_server_rejects_does_not_stop_the_others(world, way):
    for number in range(3):
        world.patient(number)
    bad = but(world.plan(1), title="poison")
    way.fault = lambda method, path, body: (422, outcome("invariant")) if b"poison" in body else None
    records = [bad if record == world.plan(1) else record for record in world.caseload(3)]
    report = world.hospital(url=way.url).push(lines(records))

    assert [(standing.key.value, standing.code) for standing in report.refused] == [("P-1", "http-422")]
    assert [problem.rule for problem in report.refused[0].problems] == ["invariant"]
    assert (report.sent, report.owed) == (8, ())
    assert "poison" not in str(report.as_json())


def test_a_corrected_record_goes_over_and_its_references_are_completed(world, way):
    world.patient(0)
    hospital = world.hospital(url=way.url)
    way.fault = lambda method, path, body: (422, outcome()) if b"poison" in body else None
    hospital.push(lines([world.case(0), but(world.plan(0), title="poison"), world.referral(0)]))
    assert hospital.push(lines([world.plan(0)])).outstanding == 0
    plan = world.one("CarePlan", "care-plan", "P-0")
    assert plan["activity"][0]["extension"][0]["valueReference"]["reference"].startswith("ServiceRequest/")


def test_a_server_that_fails_leaves_everything_owed_and_says_so(world, way):
    world.patient(0)
    hospital = world.hospital(url=way.url)
    way.fault = lambda method, path, body: (500, outcome("exception")) if method == "POST" else None
    report = hospital.push(lines(world.caseload(1)))
    assert len(report.owed) == 3
    way.fault = None
    assert again(hospital).outstanding == 0


def test_a_wrong_login_ends_the_push_at_once(world, way):
    way.fault = lambda method, path, body: (401, outcome("login"))
    report = world.hospital(url=way.url).push(lines(world.caseload(2)))
    assert "401" in report.stopped
    assert (len(report.owed), report.requests) == (6, 1)


def test_somebody_writing_all_the_time_ends_in_a_later_attempt_not_in_a_loop(world, way):
    world.patient(0)
    hospital = world.hospital(url=way.url)
    hospital.push(lines(world.caseload(1)))

    def rival(method, path, body):
        if method == "POST" and b"transaction" in body:
            world.edit(world.one("CarePlan", "care-plan", "P-0"), description=str(random.random()))

    way.fault = rival
    report = hospital.push(lines([but(world.plan(0), title="ours")]))
    assert len(report.owed) == 1
    way.fault = None
    assert again(hospital).outstanding == 0
    assert world.one("CarePlan", "care-plan", "P-0")["title"] == "ours"


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_every_identifier_is_there_once(world, seed):
    clients = 8
    for number in range(clients):
        world.patient(number)
    chance = random.Random(seed)
    for _ in range(4):
        with _pushing(world, clients) as process:
            time.sleep(chance.uniform(0.6, 2.0))
            os.kill(process.pid, signal.SIGKILL)
    hospital = world.hospital(bundle_entries=5)
    report = again(hospital, lines(world.caseload(clients)))

    assert report.outstanding == 0
    assert world.doubled() == []
    assert len([r for r in world.everything() if r["resourceType"] == "CarePlan"]) == clients
    assert hospital.ledger.in_state(State.SENDING) == []
    assert hospital.pull().changes == ()


def _pushing(world, clients):
    script = Path(__file__).with_name("pushing.py")
    arguments = [world.url, str(world.folder), world.namespace, str(clients)]
    return subprocess.Popen([sys.executable, str(script), *arguments], cwd=Path(__file__).parents[2])


def test_two_pushes_at_once_make_nothing_twice(world):
    for number in range(6):
        world.patient(number)
    pushes = [_pushing(world, 6) for _ in range(2)]
    assert [push.wait(60) for push in pushes] == [0, 0]
    assert again(world.hospital(), lines(world.caseload(6))).outstanding == 0
    assert world.doubled() == []


def test_what_an_agency_does_to_a_referral_whose_creation_was_never_answered_is_no_conflict(world, way):
    world.patient(0)
    hospital = world.hospital(url=way.url)
    way.fault = lambda method, path, body: "gateway" if b"transaction" in body else None
    hospital.push(lines(world.caseload(1)))
    way.fault = None
    task = world.one("Task", "offer", "R-0:o1")
    world.edit(task, status="accepted", note=[{"text": "we can"}])
    report = again(hospital, lines([but(world.plan(0), title="another")]))

    assert (report.outstanding, world.doubled()) == (0, [])
    task = world.one("Task", "offer", "R-0:o1")
    assert (task["status"], task["note"]) == ("accepted", [{"text": "we can"}])
    assert world.one("CarePlan", "care-plan", "P-0")["title"] == "another"


def test_what_the_server_says_of_an_entry_is_said_of_the_part_of_the_record(world, way):
    world.patient(0)

    def fault(method, path, body):
        if method != "POST" or b'"transaction"' not in body:
            return None
        kinds = [entry["resource"]["resourceType"] for entry in jsontext.decode(body)["entry"]]
        said = outcome("required")
        said["issue"][0]["expression"] = [f"Bundle.entry[{kinds.index('Condition')}].resource.code"]
        return (422, said)

    way.fault = fault
    [refused] = world.hospital(url=way.url).push(lines([world.case(0)])).refused
    assert [problem.path for problem in refused.problems] == ["need:n1: Condition.code"]
