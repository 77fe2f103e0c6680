"""Several requests of one push under way at once: what may be, what may not, and what an interruption leaves."""

import threading
import time
from collections.abc import Iterator

import pytest
from tests.faults import Between, between, outcome
from tests.world import but, lines

from fhircase.fhir import jsontext
from fhircase.ledger import State
from fhircase.model import Link


@pytest.fixture
def way(sekmet) -> Iterator[Between]:
    with between(sekmet) as way:
        yield way


class Watch:
    """Holds transactions back a while and notes which were there at the same time."""

    def __init__(self, seconds=0.1):
        self.seconds = seconds
        self.lock = threading.Lock()
        self.inside = []
        self.together = []
        self.bodies = []

    def __call__(self, method, path, body):
        if method != "POST" or b'"transaction"' not in body:
            return
        with self.lock:
            self.inside.append(body)
            self.bodies.append(body)
            self.together.append(list(self.inside))
        time.sleep(self.seconds)
        with self.lock:
            self.inside.remove(body)
        return

    @property
    def most(self):
        return max(map(len, self.together))


def identifiers(body):
    for entry in jsontext.decode(body)["entry"]:
        for each in entry["resource"].get("identifier", ()):
            yield (entry["resource"]["resourceType"], each["system"], each["value"])


def test_of_what_was_never_sent_only_its_own_resource_is_looked_for(world, way):
    for number in range(3):
        world.patient(number)
    asked = []
    way.fault = lambda method, path, body: asked.append((method, path))
    caseload = lines(world.caseload(3))
    hospital = world.hospital(url=way.url)
    assert hospital.push(caseload).outstanding == 0
    # What is made without a condition is looked for once more after it was made.
    sent = next(number for number, (method, path) in enumerate(asked) if method == "POST" and "_search" not in path)
    kinds = {path.split("?")[0].strip("/").removesuffix("/_search").split("/")[-1] for _, path in asked[:sent]}
    assert {"Task", "CarePlan"} <= kinds
    assert not kinds & {"EpisodeOfCare", "Condition", "Consent", "Communication", "Observation", "Encounter"}

    asked.clear()
    again = world.hospital("another", url=way.url).push(caseload)
    assert (again.outstanding, again.created) == (0, 0)
    assert any("EpisodeOfCare" in path for _, path in asked)


def test_clients_go_over_side_by_side_up_to_the_limit(world, way):
    for number in range(8):
        world.patient(number)
    way.fault = watch = Watch()
    report = world.hospital(url=way.url, bundle_entries=8, parallel=3).push(lines(world.caseload(8)))

    assert (report.sent, report.outstanding, world.doubled()) == (24, 0, [])
    assert watch.most == 3


def test_one_at_a_time_is_one_at_a_time(world, way):
    for number in range(4):
        world.patient(number)
    way.fault = watch = Watch(0.02)
    world.hospital(url=way.url, bundle_entries=4, parallel=1).push(lines(world.caseload(4)))
    assert watch.most == 1


def test_what_has_to_be_asked_is_asked_beside_what_is_being_sent(world, way):
    clients = 40
    for number in range(clients):
        world.patient(number)
    under_way, seen, lock = [], [], threading.Lock()

    def fault(method, path, body):
        what = "send" if b'"transaction"' in body else "ask"
        with lock:
            under_way.append(what)
            seen.append(sorted(under_way))
        time.sleep(0.1)
        with lock:
            under_way.remove(what)

    way.fault = fault
    hospital = world.hospital(url=way.url, bundle_entries=20, parallel=3)
    report = hospital.push(lines([world.case(number) for number in range(clients)]))

    assert (report.sent, report.outstanding, world.doubled()) == (clients, 0, [])
    assert max(map(len, seen)) == 3
    assert any({"ask", "send"} <= {*together} for together in seen)


def test_what_others_wrote_in_between_is_read_beside_what_is_being_sent(world, way):
    clients = 8
    for number in range(clients):
        world.patient(number)
    hospital = world.hospital(url=way.url, bundle_entries=2, parallel=3)
    hospital.push(lines(world.caseload(clients)))
    for number in range(clients):
        world.edit(world.one("CarePlan", "care-plan", f"P-{number}"), description="theirs")
    under_way, seen, lock = [], [], threading.Lock()

    def fault(method, path, body):
        what = "send" if b'"transaction"' in body else "read"
        with lock:
            under_way.append(what)
            seen.append(sorted(under_way))
            wait = 0.05 * (1 + len(seen) % 3)
        time.sleep(wait)
        with lock:
            under_way.remove(what)

    way.fault = fault
    report = hospital.push(lines([but(world.plan(number), title="ours") for number in range(clients)]))

    assert (report.outstanding, report.sent, world.doubled()) == (0, clients, [])
    for number in range(clients):
        plan = world.one("CarePlan", "care-plan", f"P-{number}")
        assert (plan["title"], plan["description"]) == ("ours", "theirs")
    assert max(map(len, seen)) == 3
    assert any({"read", "send"} <= {*together} for together in seen)
    assert any(together.count("read") > 1 for together in seen)


def test_no_identifier_is_in_two_requests_at_once(world, way):
    way.fault = watch = Watch(0.05)
    hospital = world.hospital(url=way.url, bundle_entries=2, parallel=4, create_patients=True)
    # Six cases of two clients whom the server does not know: each client is to be made once.
    cases = [but(world.case(number % 2), key=world.key("case", f"D-{number}")) for number in range(6)]
    report = hospital.push(lines(cases))

    assert report.outstanding == 0
    for together in watch.together:
        named = [each for body in together for each in set(identifiers(body))]
        assert len(named) == len(set(named))
    found = [*world.client.search("Patient", {"identifier": f"{world.namespace}/mrn|M0"})]
    assert len(found) == 1


def test_a_bundle_keeps_to_the_bytes_it_may_have(world, way):
    for number in range(6):
        world.patient(number)
    way.fault = watch = Watch(0)
    report = world.hospital(url=way.url, bundle_bytes=12_000).push(lines(world.caseload(6)))

    assert report.outstanding == 0
    assert max(map(len, watch.bodies)) <= 12_000
    assert len(watch.bodies) < 10


def test_one_bad_record_of_many_is_found_by_halving(world, way):
    clients = 16
    for number in range(clients):
        world.patient(number)
    cases = [world.case(number) for number in range(clients)]
    cases[11] = but(cases[11], case_manager=Link(display="poison"))
    posts = []

    def fault(method, path, body):
        if method == "POST" and b'"transaction"' in body:
            posts.append(body)
            return (422, outcome("invariant")) if b"poison" in body else None
        return None

    way.fault = fault
    report = world.hospital(url=way.url, bundle_entries=100).push(lines(cases))

    assert [standing.key.value for standing in report.refused] == ["C-11"]
    assert report.sent == clients - 1
    # Of each cut one half is fine: 1 + 2 * log2(16).
    assert len(posts) <= 9


def test_a_push_that_is_stopped_waits_for_what_is_on_the_wire_and_leaves_the_rest_owed(world, way):
    for number in range(6):
        world.patient(number)
    hospital = world.hospital(url=way.url, bundle_entries=4, parallel=2)
    way.fault = Watch(0.3)

    def progress(stage, done, total):
        if stage == "send":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hospital.push(lines(world.caseload(6)), progress=progress)
    assert hospital.ledger.in_state(State.SENDING) == []
    assert not any(delivery.unsure for delivery in hospital.ledger.in_state(State.OWED))
    way.fault = None
    assert hospital.push().outstanding == 0
    assert world.doubled() == []


def test_a_server_that_goes_away_in_the_middle_loses_nothing(world, way):
    for number in range(8):
        world.patient(number)
    hospital = world.hospital(url=way.url, bundle_entries=4, parallel=4)
    seen = []

    def fault(method, path, body):
        seen.append(path)
        return (503, outcome("transient")) if len(seen) > 6 else None

    way.fault = fault
    report = hospital.push(lines(world.caseload(8)))
    assert report.stopped
    assert report.owed
    way.fault = None
    for _ in range(3):
        report = hospital.push()
        time.sleep(0.1)
    assert (report.outstanding, world.doubled()) == (0, [])
