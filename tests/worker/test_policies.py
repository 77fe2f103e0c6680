"""Whose word counts where both sides changed a field, on a real server: as the mapping says, and told by its place."""

import pytest
from tests.world import answered, but, lines

from fhircase.model import Note


@pytest.fixture
def hospital(world):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    return hospital


def there(world):
    return world.one("CarePlan", "care-plan", "P-0")


def passed_over(report):
    return [(problem.path, problem.rule) for standing in report.remarks for problem in standing.problems]


FORWARD = [("status", "a status only goes forward")]


def test_what_is_completed_is_not_reopened_by_a_late_message_of_theirs(world, hospital):
    hospital.push(lines([but(world.plan(0), status="completed")]))
    world.edit(there(world), status="active", title="news")
    report = hospital.pull()
    assert passed_over(report) == FORWARD
    [(change, record)] = report.changes
    assert (change.fields, record.status, record.title) == (("title",), "completed", "news")
    assert hospital.push().outstanding == 0
    assert (there(world)["status"], there(world)["title"]) == ("completed", "news")
    assert hospital.pull().remarks == ()


def test_a_late_message_with_nothing_new_in_it_does_not_stay_on_the_server_either(world, hospital):
    hospital.push(lines([but(world.plan(0), status="completed")]))
    world.edit(there(world), status="active")
    report = hospital.pull()
    assert (passed_over(report), report.changes) == (FORWARD, ())
    pushed = hospital.push()
    assert (pushed.updated, pushed.outstanding, there(world)["status"]) == (1, 0, "completed")
    assert (hospital.pull().remarks, hospital.push().requests) == ((), 0)


def test_what_is_completed_is_not_reopened_by_a_late_message_of_ours(world, hospital):
    world.edit(there(world), status="completed")
    hospital.pull()
    report = hospital.push(lines([but(world.plan(0), status="on-hold", title="news")]))
    assert passed_over(report) == FORWARD
    assert (report.outstanding, there(world)["status"], there(world)["title"]) == (0, "completed", "news")


def test_a_closed_case_stays_closed_whoever_is_late(world, hospital):
    hospital.push(lines([but(world.case(0), status="closed")]))
    report = hospital.push(lines([but(world.case(0), status="monitoring")]))
    assert passed_over(report) == FORWARD
    assert world.one("EpisodeOfCare", "case", "C-0")["status"] == "finished"


def test_an_agencys_answer_is_not_taken_back_by_an_older_file_of_ours(world):
    world.patient(0)
    agency, hospital = world.agency(world.organization()), world.hospital()
    hospital.push(lines(world.caseload(1)))
    [(_, referral)] = agency.pull().changes
    agency.push(lines([answered(referral, "completed")]))
    hospital.pull()
    seen = but(world.referral(0).offers[0], status="seen")
    report = hospital.push(lines([but(world.referral(0), offers=(seen,))]))
    assert passed_over(report) == [("offers[o1].status", "a status only goes forward")]
    assert world.one("Task", "offer", "R-0:o1")["status"] == "completed"


def test_statuses_beside_each_other_are_asked_and_the_rest_goes_over(world, hospital):
    world.edit(there(world), status="revoked")
    report = hospital.push(lines([but(world.plan(0), status="completed", title="news")]))
    [conflict] = hospital.conflicts()
    assert (conflict.path, conflict.ours, conflict.theirs) == ("status", b'"completed"', b'"revoked"')
    assert (report.owed, there(world)["title"], there(world)["status"]) == ((), "news", "revoked")
    hospital.settle(conflict.id, "ours")
    assert (hospital.push().outstanding, there(world)["status"]) == (0, "completed")


def test_a_person_can_take_a_status_back_by_settling(world, hospital):
    world.edit(there(world), status="revoked")
    hospital.push(lines([but(world.plan(0), status="completed")]))
    hospital.settle(hospital.conflicts()[0].id, "edited", "active")
    assert (hospital.push().outstanding, there(world)["status"]) == (0, "active")
    assert hospital.pull().remarks == ()
    assert (hospital.push().sent, there(world)["status"]) == (0, "active")


def test_notes_that_one_side_took_out_and_added_to_are_brought_together(world, hospital):
    noted = but(world.plan(0), notes=(Note(text="a"), Note(text="b")))
    hospital.push(lines([noted]))
    world.edit(there(world), note=[{"text": "b"}, {"text": "theirs"}])
    report = hospital.push(lines([but(noted, notes=(*noted.notes, Note(text="ours")))]))
    assert (report.outstanding, report.remarks) == (0, ())
    assert [note["text"] for note in there(world)["note"]] == ["b", "theirs", "ours"]


@pytest.mark.parametrize(("policy", "stands"), [("ours", "ours"), ("theirs", "theirs")])
def test_a_site_says_in_an_overlay_whose_word_counts(world, tmp_path, policy, stands):
    site = tmp_path / "site.yaml"
    site.write_text(f"overlay: site@1\nover: [care-plan@1]\nchange: {{title: {{merge: {policy}}}}}\n", encoding="utf-8")
    world.patient(0)
    hospital = world.hospital(overlays=[str(site)])
    hospital.push(lines(world.caseload(1)))
    world.edit(there(world), title="theirs")
    report = hospital.push(lines([but(world.plan(0), title="ours")]))
    assert (report.outstanding, hospital.conflicts(), there(world)["title"]) == (0, [], stands)
    assert [path for path, _ in passed_over(report)] == ["title"]
