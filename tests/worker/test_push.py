"""What a push does to a real server."""

import json

import pytest
from tests.world import but, lines

from fhircase.model import CarePlan, Concept, Goal, Link, Need, Note, Period, WorkItem
from fhircase.records import as_line


def test_a_caseload_goes_over_with_references_between_its_records(world):
    patient = world.patient(0)
    report = world.hospital().push(lines(world.caseload(1)))

    assert (report.given, report.sent, report.outstanding) == (3, 3, 0)
    case, referral = world.one("EpisodeOfCare", "case", "C-0"), world.one("ServiceRequest", "referral", "R-0")
    plan, need = world.one("CarePlan", "care-plan", "P-0"), world.one("Condition", "need", "C-0:n1")
    assert case["patient"]["reference"] == referral["subject"]["reference"] == patient
    assert referral["basedOn"][0]["reference"] == f"CarePlan/{plan['id']}"
    assert referral["reasonReference"][0]["reference"] == f"Condition/{need['id']}"
    assert plan["addresses"][0]["reference"] == f"Condition/{need['id']}"
    assert world.one("Task", "offer", "R-0:o1")["focus"]["reference"] == f"ServiceRequest/{referral['id']}"
    assert "urn:uuid" not in json.dumps(list(world.everything()), default=str)


def test_pushing_the_same_again_asks_the_server_nothing(world):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    again = hospital.push(lines(world.caseload(1)))

    assert (again.unchanged, again.sent, again.requests) == (3, 0, 0)


def test_a_small_batch_size_makes_no_difference_to_what_is_there(world):
    world.patient(0)
    world.patient(1)
    report = world.hospital(bundle_entries=2).push(lines(reversed(world.caseload(2))))

    assert (report.sent, report.outstanding, world.doubled()) == (6, 0, [])
    plan = world.one("CarePlan", "care-plan", "P-1")
    assert plan["activity"][0]["extension"][0]["valueReference"]["reference"].startswith("ServiceRequest/")


def test_a_change_is_an_update_of_what_it_changes_and_nothing_else(world):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    report = hospital.push(lines([but(world.plan(0), title="another")]))

    assert (report.sent, report.created, report.updated) == (1, 0, 1)
    assert world.one("CarePlan", "care-plan", "P-0")["title"] == "another"


def test_an_unknown_client_holds_the_record_and_all_that_refers_to_it(world):
    world.patient(1)
    hospital = world.hospital()
    report = hospital.push(lines(world.caseload(2)))

    assert {(standing.key.value, standing.code) for standing in report.held} == {
        ("C-0", "no-patient"),
        ("P-0", "no-patient"),
        ("R-0", "no-patient"),
    }
    assert report.sent == 3
    world.patient(0)
    assert hospital.push(lines(world.caseload(2))).outstanding == 0


def test_two_patients_with_the_identifier_hold_the_record(world):
    first, second = world.patient(0), world.patient(0)
    [held] = world.hospital().push(lines([world.case(0)])).held

    assert held.code == "several-patients"
    assert first in held.reason
    assert second in held.reason


def test_identifiers_of_other_systems_are_not_trusted(world):
    world.patient(0)
    [held] = world.hospital(patient_identifiers=["https://other.example/mrn"]).push(lines([world.case(0)])).held
    assert held.code == "no-identifier"


def test_a_client_that_is_only_a_name_holds_the_record(world):
    [held] = world.hospital().push(lines([but(world.plan(0), client=Link(display="Jo"), case=None)])).held
    assert held.code == "no-identifier"


def test_where_it_is_allowed_an_unknown_client_is_created_once(world):
    hospital = world.hospital(create_patients=True)
    twice = [*world.caseload(1), but(world.case(0), key=world.key("case", "C-other"))]
    assert hospital.push(lines(twice)).outstanding == 0

    token = f"{world.namespace}/mrn|M0"
    assert len(list(world.client.search("Patient", {"identifier": token}))) == 1


def test_a_change_made_there_in_the_meantime_is_kept(world):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    world.edit(world.one("CarePlan", "care-plan", "P-0"), description="said there")
    report = hospital.push(lines([but(world.plan(0), title="said here")]))

    plan = world.one("CarePlan", "care-plan", "P-0")
    assert (plan["title"], plan["description"]) == ("said here", "said there")
    assert report.outstanding == 0


def test_the_same_changed_on_both_sides_waits_for_a_person(world):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="said there")
    [conflict] = hospital.push(lines([but(world.plan(0), title="said here")])).conflicts

    assert [problem.path for problem in conflict.problems] == ["title"]
    assert "said" not in conflict.reason
    assert world.one("CarePlan", "care-plan", "P-0")["title"] == "said there"
    assert hospital.push(lines([but(world.plan(0), title="said there")])).outstanding == 0


def test_what_was_deleted_there_is_not_made_again(world):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    world.client.delete("CarePlan", world.one("CarePlan", "care-plan", "P-0")["id"])
    report = hospital.push(lines([but(world.plan(0), title="another")]))

    assert [standing.code for standing in report.refused] == ["deleted"]
    assert not any(resource["resourceType"] == "CarePlan" for resource in world.everything())


@pytest.mark.parametrize("title", ["plan", "another"])
def test_a_record_of_which_a_part_was_deleted_stays_refused_whatever_is_said_again(world, title):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    [goal] = hospital.ledger.held("ehr", "Goal/", limit=1)
    world.client.delete(*goal.split("/"))
    assert [standing.code for standing in hospital.pull().refused] == ["deleted"]
    # Nothing of the goal would be sent, so nothing that is sent shows that it is gone.
    report = hospital.push(lines([but(world.plan(0), title=title)]))
    assert [(standing.key.value, standing.code) for standing in report.refused] == [("P-0", "deleted")]
    assert world.one("CarePlan", "care-plan", "P-0")["title"] == "plan"


def test_a_ledger_that_was_lost_makes_nothing_twice(world):
    world.patient(0)
    world.hospital("first").push(lines(world.caseload(1)))
    report = world.hospital("second").push(lines(world.caseload(1)))

    assert (report.created, report.outstanding, world.doubled()) == (0, 0, [])


def test_facts_about_the_client_are_the_servers(world):
    world.patient(0, birthDate="1970-01-01")
    hospital = world.hospital()
    hospital.push(lines([world.case(0)]))
    [news] = hospital.ledger.changes()
    assert news.fields == ("client.birth_date",)

    changed = but(world.case(0), client=but(world.case(0).client, sex="male"), notes=(Note(text="seen"),))
    report = hospital.push(lines([changed]))
    assert [remark.problems[0].path for remark in report.remarks] == ["client"]
    assert (report.sent, report.outstanding) == (1, 0)


def test_a_dry_run_says_what_would_be_done_and_does_nothing(world):
    world.patient(0)
    hospital = world.hospital()
    first = hospital.push(lines(world.caseload(1)), dry_run=True)

    assert {(planned.role, planned.action) for planned in first.planned} >= {("task", "create"), ("plan", "create")}
    assert (list(world.everything()), (world.folder / "hospital").exists()) == ([], False)

    hospital.push(lines(world.caseload(1)))
    state = hospital.status()
    again = hospital.push(lines([but(world.plan(0), title="another")]), dry_run=True)
    [planned] = again.planned
    assert (planned.action, "/title" in planned.pointers) == ("update", True)
    assert hospital.status() == state
    assert world.one("CarePlan", "care-plan", "P-0")["title"] == "plan"


def test_a_server_that_is_not_there_leaves_everything_owed(world):
    with world.hospital(url="http://127.0.0.1:9/fhir", organization="Organization/1") as hospital:
        report = hospital.push(lines(world.caseload(1)))
        assert "no connection" in report.stopped
        assert len(report.owed) == 3
        assert hospital.pull().stopped


def test_reports_are_plain_data_without_a_persons_facts(world):
    hospital = world.hospital()
    report = hospital.push(lines(world.caseload(1)))
    text = json.dumps(report.as_json(), default=str)
    assert "Doe" not in text
    assert "food" not in text


@pytest.mark.parametrize("kind", ["work-item", "need", "goal"])
def test_records_of_other_kinds_go_over_too(world, kind):
    world.patient(0)
    record = {
        "work-item": WorkItem(key=world.key("work-item", "W"), nature="task", status="requested", intent="order"),
        "need": Need(key=world.key("need", "N"), client=world.person(0), what=Concept(text="x")),
        "goal": Goal(
            key=world.key("goal", "G"), client=world.person(0), description=Concept(text="x"), lifecycle="active"
        ),
    }[kind]
    hospital = world.hospital()
    assert hospital.push([(as_line(record), record)]).sent == 1
    assert hospital.push([(as_line(record), record)]).requests == 0


def test_a_record_that_breaks_a_rule_of_fhir_is_refused_and_the_others_go_over(world):
    world.patient(0)
    records = [
        but(record, period=Period(start="2026-03-02", end="2026-03-01")) if isinstance(record, CarePlan) else record
        for record in world.caseload(1)
    ]
    report = world.hospital().push(lines(records))

    assert (report.sent, len(report.refused)) == (2, 1)
    assert not [each for each in world.everything() if each["resourceType"] == "CarePlan"]
