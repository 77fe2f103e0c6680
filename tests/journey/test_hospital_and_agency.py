"""A case the whole way: a hospital asks, an agency answers, the hospital hears of it, over a real server."""

from tests.world import answered, but, lines

from fhircase.mapping import from_bundle

STEPS = ("accepted", "in-progress", "completed")


def test_a_referral_goes_there_and_its_outcome_comes_back(world):
    world.patient(0)
    us = world.organization()
    hospital, agency = world.hospital(), world.agency(us)
    yesterday = lines(world.caseload(1))
    hospital.push(yesterday)

    [(_, referral)] = agency.pull().changes
    for status in STEPS:
        referral = answered(referral, status)
        assert agency.push(lines([referral])).outstanding == 0
        assert agency.pull().changes == ()
        [(change, news)] = hospital.pull().changes
        assert news.offers[0].status == status
        assert change.fields[0] == "offers[o1].status"

    assert news == referral
    assert hospital.push(yesterday).sent == 0
    assert hospital.push(lines([but(news, status="completed")])).outstanding == 0
    [(_, closed)] = agency.pull().changes
    assert closed.status == "completed"
    assert world.doubled() == []


def test_a_declined_referral_is_offered_to_the_next_agency(world):
    world.patient(0)
    us, them = world.organization(), world.organization("NEXT")
    hospital, agency = world.hospital(), world.agency(us)
    hospital.push(lines(world.caseload(1)))
    [(_, referral)] = agency.pull().changes
    agency.push(lines([answered(referral, "declined")]))
    [(_, declined)] = hospital.pull().changes

    next_agency = but(declined.offers[0].agency, identifier=but(declined.offers[0].agency.identifier, value="NEXT"))
    offer = but(declined.offers[0], id="o2", status="sent", agency=next_agency)
    report = hospital.push(lines([but(declined, offers=(*declined.offers, offer))]))
    assert (report.created, report.updated) == (1, 0)

    with world.site("next", organization=them) as second:
        [(_, asked)] = second.pull().changes
        assert [each.status for each in asked.offers] == ["declined", "sent"]
        second.push(lines([answered(asked, "accepted")]))
    [(change, news)] = hospital.pull().changes
    assert ([each.status for each in news.offers], change.fields) == (["declined", "accepted"], ("offers[o2].status",))


def test_both_sides_may_work_at_once_on_what_is_theirs(world):
    world.patient(0)
    hospital, agency = world.hospital(), world.agency(world.organization())
    hospital.push(lines(world.caseload(1)))
    [(_, referral)] = agency.pull().changes

    agency.push(lines([answered(referral, "accepted")]))
    hospital.push(lines([but(world.referral(0), instructions="bring a bag", urgency="urgent")]))
    [(_, there)] = agency.pull().changes
    [(_, here)] = hospital.pull().changes
    assert there == here
    assert (here.offers[0].status, here.urgency) == ("accepted", "urgent")


def test_what_both_ledgers_believe_is_what_the_server_says(world):
    for number in range(3):
        world.patient(number)
    hospital, agency = world.hospital(), world.agency(world.organization())
    hospital.push(lines(world.caseload(3)))
    replies = [answered(record, "completed") for _, record in agency.pull().changes]
    agency.push(lines(replies))
    hospital.pull()

    patients = [
        resource
        for number in range(3)
        for resource in world.client.search("Patient", {"identifier": f"{world.namespace}/mrn|M{number}"})
    ]
    more = [world.client.read(kind, reference.split("/")[1]).resource for kind, reference in _loose(world)]
    read = {
        reading.record.key: reading.record
        for reading in from_bundle([*patients, *world.everything(), *more], world.fhir).readings
    }
    assert len(read) == 9
    for site in (hospital, agency):
        for kept in site.ledger.scan():
            assert site.status()["servers"]["ehr"]["agreed"] in (9, 3)
            assert any(key.value == kept.key.value for key in read)
    assert {record.offers[0].status for key, record in read.items() if key.kind == "referral"} == {"completed"}


def _loose(world):
    """Goals and teams, which SEKMET cannot search."""
    for resource in world.everything():
        for reference in resource.get("goal", []) + resource.get("team", resource.get("careTeam", [])):
            yield reference["reference"].split("/")[0], reference["reference"]
