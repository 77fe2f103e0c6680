"""What a pull makes of what others did on a real server."""

from tests.world import answered, but, lines

from fhircase.model import Identifier, Link, Note, Offer, Referral


def test_our_own_writes_are_not_echoed(world):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    report = hospital.pull()
    assert (report.changes, report.refused, report.stopped) == ((), (), "")
    assert report.echoes > 0


def test_a_change_made_by_others_is_read_and_told_once(world):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="news")
    [(change, record)] = hospital.pull().changes

    assert (change.fields, record.title, change.source) == (("title",), "news", "ehr")
    assert hospital.pull().changes == ()
    assert [each.id for each in hospital.ledger.changes()] == [change.id]


def test_many_new_referrals_are_read_whole_in_few_requests(world):
    number = 24
    own, _ = world.organization(), world.organization("XX")
    for each in range(number):
        world.patient(each)
    elsewhere = Offer(id="o0", agency=Link(identifier=Identifier(**world.token("org", "XX"))), status="declined")
    load = [
        but(record, offers=(elsewhere, *record.offers)) if isinstance(record, Referral) else record
        for record in world.caseload(number)
    ]
    world.hospital().push(lines(load))
    report = world.agency(own).pull()
    read = [record for _, record in report.changes if isinstance(record, Referral)]
    assert [len(record.offers) for record in read] == [2] * number
    assert {each.agency.identifier.value for record in read for each in record.offers} == {"AG", "XX"}
    # What the server can do, what is addressed to us with all it refers to, and what refers back to that.
    assert report.requests == 3


def test_yesterdays_file_pushed_after_the_news_came_sends_nothing(world):
    world.patient(0)
    hospital = world.hospital()
    yesterday = lines(world.caseload(1))
    hospital.push(yesterday)
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="news")
    hospital.pull()

    spaced = [(text.rstrip() + b" ", record) for text, record in yesterday]
    for stale in (yesterday, spaced):
        report = hospital.push(stale)
        assert (report.sent, report.requests, report.outstanding) == (0, 0, 0)
    assert world.one("CarePlan", "care-plan", "P-0")["title"] == "news"


def test_a_change_to_an_old_file_touches_only_what_it_changes(world):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="news")
    hospital.pull()
    hospital.push(lines([but(world.plan(0), description="more")]))

    plan = world.one("CarePlan", "care-plan", "P-0")
    assert (plan["title"], plan["description"]) == ("news", "more")


def test_an_unsent_change_of_ours_survives_a_pull(world):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="news")
    with world.hospital(url="http://127.0.0.1:9/fhir") as offline:
        offline.push(lines([but(world.plan(0), description="more")]))
    hospital.pull()
    hospital.push()

    plan = world.one("CarePlan", "care-plan", "P-0")
    assert (plan["title"], plan["description"]) == ("news", "more")


def test_a_change_that_goes_against_an_unsent_one_of_ours_is_a_conflict(world):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="theirs")
    with world.hospital(url="http://127.0.0.1:9/fhir") as offline:
        offline.push(lines([but(world.plan(0), title="ours")]))
    [conflict] = hospital.pull().conflicts
    assert conflict.problems[0].path == "title"


def test_a_new_part_of_a_record_of_ours_is_read(world):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    asked = world.one("Task", "offer", "R-0:o1")
    other = {name: value for name, value in asked.items() if name not in ("id", "identifier", "meta", "owner")}
    world.client.create({**other, "status": "accepted"})
    [(change, record)] = hospital.pull().changes

    assert record.key == world.referral(0).key
    assert sorted(offer.status for offer in record.offers) == ["accepted", "sent"]
    assert all(field.startswith("offers[") for field in change.fields)


def test_what_cannot_be_read_is_told_and_looked_at_again(world):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    plan = world.one("CarePlan", "care-plan", "P-0")
    world.edit(plan, modifierExtension=[{"url": "https://odd.example/not", "valueBoolean": True}])
    world.edit(world.one("EpisodeOfCare", "case", "C-0"), status="finished")
    first = hospital.pull()

    assert [standing.key.value for standing in first.refused] == ["P-0"]
    assert "modifier extension" in first.refused[0].reason
    assert [standing.key.value for standing in hospital.pull().refused] == ["P-0"]
    world.edit(plan, title="news")
    assert [change.fields for change, _ in hospital.pull().changes] == [("title",)]
    assert hospital.pull().refused == ()


def test_a_part_that_was_deleted_is_told(world):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    world.client.delete("Condition", world.one("Condition", "need", "C-0:n1")["id"])
    world.edit(world.one("EpisodeOfCare", "case", "C-0"), status="finished")
    [standing] = hospital.pull().refused
    assert (standing.key.value, standing.code) == ("C-0", "deleted")


def test_an_agency_gets_what_is_addressed_to_it_and_nothing_else(world):
    for number in range(2):
        world.patient(number)
    us, others = world.organization(), world.organization("OTHER")
    hospital = world.hospital()
    hospital.push(lines(world.caseload(2)))
    agency = world.agency(us)
    report = agency.pull()

    assert {record.key.value for _, record in report.changes} == {"R-0", "R-1"}
    assert report.refused == ()
    assert agency.pull().changes == ()
    with world.site("third", organization=others) as third:
        assert third.pull().changes == ()


def test_who_we_are_may_be_said_by_an_identifier(world):
    world.patient(0)
    world.organization()
    world.hospital().push(lines(world.caseload(1)))
    assert len(world.agency(f"{world.namespace}/org|AG").pull().changes) == 1
    assert "knows 0 organisations" in world.site("nobody", organization="https://no.example|1").pull().stopped


def test_an_agency_changes_its_task_and_nothing_of_the_hospitals(world):
    world.patient(0)
    agency = world.agency(world.organization())
    world.hospital().push(lines(world.caseload(1)))
    [(_, referral)] = agency.pull().changes
    request = world.one("ServiceRequest", "referral", "R-0")
    report = agency.push(lines([answered(referral, "completed")]))

    assert (report.created, report.updated, report.outstanding) == (1, 1, 0)
    assert world.one("ServiceRequest", "referral", "R-0") == request
    assert world.one("Task", "offer", "R-0:o1")["status"] == "completed"
    done = world.one("Procedure", "outcome", "R-0:o1:x1")
    assert done["subject"]["reference"] == request["subject"]["reference"]
    assert agency.pull().changes == ()


def disputed(world):
    """A hospital whose plan has another title on the server than the one it wanted to send."""
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="theirs")
    ours = but(world.plan(0), title="ours")
    [conflict] = hospital.push(lines([ours])).conflicts
    assert paths(conflict) == ["title"]
    return hospital, ours


def paths(standing):
    return [problem.path for problem in standing.problems]


def test_a_conflict_is_not_lost_by_pushing_the_same_again(world):
    hospital, ours = disputed(world)
    for _ in range(2):
        report = hospital.push(lines([ours]))
        assert [paths(each) for each in report.conflicts] == [["title"]]
    assert world.one("CarePlan", "care-plan", "P-0")["title"] == "theirs"


def test_a_conflict_is_not_lost_by_an_edit_of_another_field(world):
    hospital, ours = disputed(world)
    [conflict] = hospital.push(lines([but(ours, description="more")])).conflicts
    assert paths(conflict) == ["title"]
    [conflict] = hospital.pull().conflicts
    assert paths(conflict) == ["title"]

    settled = but(ours, description="more", title="theirs")
    assert hospital.push(lines([settled])).outstanding == 0
    plan = world.one("CarePlan", "care-plan", "P-0")
    assert (plan["title"], plan["description"]) == ("theirs", "more")


def test_a_conflict_grows_by_what_else_both_sides_change(world):
    hospital, ours = disputed(world)
    world.edit(world.one("CarePlan", "care-plan", "P-0"), description="theirs")
    [conflict] = hospital.pull().conflicts
    assert paths(conflict) == ["title"]
    [conflict] = hospital.push(lines([but(ours, description="ours")])).conflicts
    assert paths(conflict) == ["title", "description"]


def test_a_disputed_field_said_anew_is_decided_for_us(world):
    hospital, ours = disputed(world)
    # Nobody has told us yet what theirs is: our new word is no answer to it.
    report = hospital.push(lines([but(ours, title="ours, in the dark")]))
    assert (report.outstanding, report.updated) == (1, 0)
    hospital.pull()
    report = hospital.push(lines([but(ours, title="ours, all the same")]))
    assert (report.outstanding, report.updated) == (0, 1)
    assert world.one("CarePlan", "care-plan", "P-0")["title"] == "ours, all the same"


def test_a_conflict_ends_when_the_other_side_comes_round(world):
    hospital, _ = disputed(world)
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="ours")
    assert hospital.pull().conflicts == ()
    report = hospital.push()
    assert (report.sent, report.outstanding) == (0, 0)


def test_notes_added_on_both_sides_are_all_there(world):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    task = next(
        each
        for each in world.everything()
        if each["resourceType"] == "Task"
        and "focus" in each
        and each["focus"]["reference"].startswith("EpisodeOfCare/")
    )
    world.edit(task, note=[{"text": "theirs"}])
    report = hospital.push(lines([but(world.case(0), notes=(Note(text="ours"),))]))

    assert (report.outstanding, report.conflicts) == (0, ())
    [(_, case)] = hospital.pull().changes
    assert [note.text for note in case.notes] == ["theirs", "ours"]


def test_what_no_mapping_reads_is_left_or_linked_as_the_settings_say_and_told(world):
    slot = {"resourceType": "Location", "identifier": [world.token("place", "L1")], "name": "somewhere"}
    made = f"Location/{world.client.create(slot).id}"
    asked = [f"Location?identifier={world.namespace}/place|L1"]
    for rule, links in (("leave", {}), ("link", {f"Location {world.namespace}/place|L1": made})):
        site = world.site(rule, pull=asked, unknown=rule)
        report = site.pull()
        assert [(each.key.value, each.code, each.reason.partition(":")[0]) for each in report.remarks] == [
            (made, "unknown", {"leave": "left", "link": "linked"}[rule])
        ]
        assert site.ledger.links("ehr", [f"Location {world.namespace}/place|L1"]) == links


def test_what_a_referral_refers_to_comes_along_where_the_server_can(world):
    clients = 12
    for number in range(clients):
        world.patient(number)
    us = world.organization()
    world.hospital().push(lines(world.caseload(clients)))
    report = world.agency(us).pull()
    assert len(report.changes) == clients
    assert report.requests <= 3, "what the server can do, the tasks with all that is around them, who else was asked"
