"""Servers that lack something: found out by a probe, planned for, and nothing doubled or lost for it."""

import time
from collections.abc import Iterator

import pytest
from tests.faults import Between, between, outcome
from tests.world import but, lines

from fhircase.errors import ServerError
from fhircase.fhir import jsontext
from fhircase.model import Concept
from fhircase.worker.probe import Probed
from fhircase.worker.probed import probed


@pytest.fixture
def way(sekmet) -> Iterator[Between]:
    with between(sekmet) as way:
        yield way


def without(world, *codes):
    """What a server says that cannot do these interactions with many resources, and that it refuses them."""
    statement = world.client.capabilities()
    rest = statement["rest"][0]
    rest["interaction"] = [each for each in rest["interaction"] if each["code"] not in codes]

    def fault(method, path, body):
        if path == "/fhir/metadata":
            return (200, statement)
        if method == "POST" and any(f'"type":"{code}"'.encode() in body.replace(b" ", b"") for code in codes):
            return (400, outcome("not-supported"))
        return None

    return fault


@pytest.mark.parametrize("lacks", [("transaction",), ("transaction", "batch")])
def test_without_transactions_all_goes_over_step_by_step_with_its_references(world, way, lacks):
    for number in range(3):
        world.patient(number)
    way.fault = without(world, *lacks)
    hospital = world.hospital(url=way.url)
    report = hospital.push(lines(world.caseload(3)))

    assert (report.sent, report.outstanding, world.doubled()) == (9, 0, [])
    plan, referral = world.one("CarePlan", "care-plan", "P-1"), world.one("ServiceRequest", "referral", "R-1")
    assert referral["basedOn"][0]["reference"] == f"CarePlan/{plan['id']}"
    assert plan["activity"][0]["extension"][0]["valueReference"]["reference"] == f"ServiceRequest/{referral['id']}"
    assert world.one("Task", "offer", "R-1:o1")["focus"]["reference"] == f"ServiceRequest/{referral['id']}"
    assert hospital.push(lines(world.caseload(3))).requests == 0
    assert hospital.pull().changes == ()


def test_without_transactions_one_refused_record_stops_nobody(world, way):
    for number in range(3):
        world.patient(number)
    lacking = without(world, "transaction", "batch")

    def fault(method, path, body):
        return (422, outcome("invariant")) if b"poison" in body else lacking(method, path, body)

    way.fault = fault
    hospital = world.hospital(url=way.url)
    cases = [
        world.case(0),
        but(world.case(1), needs=(but(world.case(1).needs[0], what=Concept(text="poison")),)),
        world.case(2),
    ]
    report = hospital.push(lines(cases))
    assert [(standing.key.value, standing.code) for standing in report.refused] == [("C-1", "http-422")]
    assert report.sent == 2

    way.fault = lacking
    assert hospital.push(lines([world.case(1)])).outstanding == 0
    assert world.doubled() == []


def test_an_entry_that_is_to_come_back_later_comes_back_alone(world, way):
    for number in range(3):
        world.patient(number)
    lacking, sent = without(world, "transaction"), []

    def fault(method, path, body):
        if method == "POST" and path == "/fhir" and b"EpisodeOfCare" in body and not sent:
            entries = jsontext.decode(body)["entry"]
            sent.append(len(entries))
            done = world.client.batch(entries[1:])
            answers = [{"response": {"status": "429 Too Many Requests", "outcome": outcome("throttled")}}] + [
                {"response": {"status": str(each.status), "etag": each.etag}, "resource": each.resource}
                for each in done
            ]
            return (200, {"resourceType": "Bundle", "type": "batch-response", "entry": answers})
        return lacking(method, path, body)

    way.fault = fault
    hospital = world.hospital(url=way.url)
    cases = [but(world.case(number), needs=()) for number in range(3)]
    first = hospital.push(lines(cases))
    assert first.sent == 2
    assert [standing.code for standing in first.owed] == ["throttled"]
    time.sleep(1.1)
    report = hospital.push()
    assert (report.sent, report.outstanding, world.doubled()) == (1, 0, [])


def stripped(way, name, header):
    """A server that does not heed a precondition."""
    way.without = frozenset((header,))

    def fault(method, path, body):
        if name.encode() not in body:
            return None
        bundle = jsontext.decode(body)
        for entry in bundle["entry"]:
            entry["request"].pop(name, None)
        return jsontext.encode(bundle)

    way.fault = fault


def test_a_probe_finds_what_a_real_server_does_and_leaves_nothing_behind(world):
    before = len(list(world.client.search("Basic")))
    hospital, report = world.hospital(), Probed()
    hospital.probe(report)

    assert all(report.found[name] for name in ("conditional", "preconditions", "atomic", "transaction", "batch"))
    assert report.found["entries"] == 50
    assert report.left == []
    assert len(list(world.client.search("Basic"))) == before
    assert probed(hospital.ledger, "ehr")["preconditions"] is True


def test_a_probe_that_is_cut_off_cleans_up_and_says_what_it_could_not(world, way):
    before = len(list(world.client.search("Basic")))
    hospital, report = world.hospital(url=way.url), Probed()

    def fault(method, path, body):
        return (403, outcome("forbidden")) if "history" in path else None

    way.fault = fault
    with pytest.raises(ServerError):
        hospital.probe(report)
    assert report.left == []
    assert len(list(world.client.search("Basic"))) == before

    way.fault = lambda method, path, body: (403, outcome("forbidden")) if method == "DELETE" else None
    hospital.probe(report)
    assert len(report.left) == len(list(world.client.search("Basic"))) - before > 0
    for reference in report.left:
        world.client.delete(*reference.split("/"))


def test_where_if_match_is_not_heeded_copies_are_compared_first(world, way):
    world.patient(0)
    stripped(way, "ifMatch", "if-match")
    hospital, report = world.hospital(url=way.url), Probed()
    hospital.probe(report)
    assert report.found["preconditions"] is False
    hospital.push(lines(world.caseload(1)))
    world.edit(world.one("CarePlan", "care-plan", "P-0"), description="said there")
    pushed = hospital.push(lines([but(world.plan(0), title="said here")]))

    plan = world.one("CarePlan", "care-plan", "P-0")
    assert (plan["title"], plan["description"]) == ("said here", "said there")
    assert pushed.outstanding == 0
    assert ["If-Match" in warning for warning in pushed.warnings] == [True]


def test_where_conditional_creates_are_not_heeded_a_lost_answer_makes_nothing_twice(world, way):
    world.patient(0)
    stripped(way, "ifNoneExist", "if-none-exist")
    hospital, report = world.hospital(url=way.url), Probed()
    hospital.probe(report)
    assert report.found["conditional_in_transaction"] is False
    strip = way.fault
    lost = []

    def fault(method, path, body):
        if method == "POST" and b"transaction" in body and not lost:
            lost.append(path)
            return "lost"
        return strip(method, path, body)

    way.fault = fault
    assert hospital.push(lines(world.caseload(1))).owed
    for _ in range(3):
        time.sleep(1.1)
        pushed = hospital.push()
    assert (pushed.outstanding, world.doubled()) == (0, [])


def test_what_was_made_twice_all_the_same_is_told(world, way):
    world.patient(0)
    stripped(way, "ifNoneExist", "if-none-exist")
    hospital = world.hospital(url=way.url)
    hospital.probe(Probed())
    strip, rival = way.fault, []

    def fault(method, path, body):
        if method == "POST" and b"transaction" in body and not rival:
            entry = next(e for e in jsontext.decode(body)["entry"] if e["resource"]["resourceType"] == "Condition")
            rival.append(world.client.create({**entry["resource"]}).id)
        return strip(method, path, body)

    way.fault = fault
    pushed = hospital.push(lines([world.case(0)]))
    assert [remark.code for remark in pushed.remarks] == ["doubled"]
    assert f"Condition/{rival[0]}" in pushed.remarks[0].reason
