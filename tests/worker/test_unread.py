"""A code that no table knows, on a real server: its record waits, and a row for it lets it through."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.world import but, lines
from typer.testing import CliRunner

from fhircase.cli import app, exits
from fhircase.ledger import State
from fhircase.mapping import compiled, files
from fhircase.worker import texts
from fhircase.worker.forget import forget

CACHES = (files.documents, compiled.compiled, compiled.all_compiled, texts.mapping_digest)


@pytest.fixture
def site_file(tmp_path: Path):
    """An overlay file that can be written anew, as an analyst would between two runs."""
    place = tmp_path / "site.yaml"

    def write(more: str = "", over: str = "goal") -> str:
        strict = STRICT if over == "goal" else ""
        place.write_text(f"overlay: site@1\nover: [{over}@1]\n{strict}{more}", encoding="utf-8")
        for kept in CACHES:
            kept.cache_clear()
        return str(place)

    yield write
    for kept in CACHES:
        kept.cache_clear()


def requests(site):
    return site._counter.requests


PLACE = "goal.achievementStatus.coding[system=$goal-achievement].code"
ROW = "rows: {how-far: [[improving, nearly]]}\n"
# The shipped table leaves what it does not know; this site wants to know.
STRICT = """\
change: {achievement: {table: how-far}}
tables: {how-far: {rows: [in-progress, improving, worsening, no-change, achieved,
  sustaining, not-achieved, no-progress, not-attainable]}}
"""
URGENCY = """\
extensions: {haste: 'https://site.example/haste'}
change: {urgency: {code: 'req.extension[haste].valueCode', table: haste}}
tables: {haste: {rows: [[routine, r], [urgent, u], [asap, a], [stat, s]]%s}}
"""


def nearly(world, code="nearly"):
    """A partner says of the plan's goal what our tables do not know; the goal as it is then."""
    plan = world.one("CarePlan", "care-plan", "P-0")
    goal = world.client.read("Goal", plan["goal"][0]["reference"].partition("/")[2]).resource
    system = "http://terminology.hl7.org/CodeSystem/goal-achievement"
    world.edit(goal, achievementStatus={"coding": [{"system": system, "code": code}]})
    # This server cannot be asked for goals: what changed in one is seen when the plan changes, too.
    theirs = {"url": "http://partner.example/seen", "valueString": code}
    world.edit(plan, extension=[*plan.get("extension", ()), theirs])


def said(world):
    plan = world.one("CarePlan", "care-plan", "P-0")
    goal = world.client.read("Goal", plan["goal"][0]["reference"].partition("/")[2]).resource
    return goal["achievementStatus"]["coding"][0]["code"], plan.get("description")


def held(world, site_file, **more):
    """A hospital with a goal that a partner has said something unknown about; the pull that met it."""
    world.patient(0)
    hospital = world.hospital(overlays=[site_file()])
    hospital.push(lines(world.caseload(1)))
    nearly(world)
    if more:
        world.edit(world.one("CarePlan", "care-plan", "P-0"), **more)
    report = hospital.pull()
    hospital.close()
    return report


def test_a_record_of_ours_is_held_for_a_code_and_counted(world, site_file):
    report = held(world, site_file)
    assert (report.changes, report.refused) == ((), ())
    [waiting] = report.held
    assert (waiting.key.value, waiting.code) == ("P-0", "unknown-code")
    assert f"unknown code `nearly` @ {PLACE}" in waiting.reason

    hospital = world.hospital(overlays=[site_file()])
    [row] = hospital.ledger.missing()
    assert (row.table, row.code, row.place, row.records) == ("how-far", "nearly", PLACE, 1)
    assert [key.value for key in row.examples] == ["P-0"]
    assert [each.key.value for each in hospital.ledger.in_state(State.HELD)] == ["P-0"]
    assert [each.key.value for each in hospital.pull().held] == ["P-0"], "it waits still"
    assert hospital.ledger.missing() == [row]


def test_the_row_releases_what_was_held_without_a_word_to_the_server(world, site_file):
    held(world, site_file, title="news")
    with world.hospital(overlays=[site_file(ROW)], url="http://127.0.0.1:9/fhir") as offline:
        report = offline.pull()
        [(change, record)] = report.changes
        assert report.stopped
        assert (record.goals[0].achievement, record.title) == ("improving", "news")
        assert set(change.fields) == {"goals[g1].achievement", "title"}
        assert (report.held, offline.ledger.missing(), offline.ledger.unread("ehr")) == ((), [], [])
        assert offline.ledger.in_state(State.HELD) == []
        assert offline.ledger.deliveries("ehr", [change.key])[change.key].state is State.AGREED

    hospital = world.hospital(overlays=[site_file(ROW)])
    assert hospital.pull().changes == ()
    assert hospital.push(lines([but(record, description="more")])).updated == 1
    assert said(world) == ("nearly", "more"), "what was read as it is stays as it is"


def test_another_row_releases_nothing(world, site_file):
    held(world, site_file)
    hospital = world.hospital(overlays=[site_file("rows: {how-far: [[improving, almost]]}\n")])
    assert [each.key.value for each in hospital.pull().held] == ["P-0"]
    assert [row.code for row in hospital.ledger.missing()] == ["nearly"]


def test_what_we_wished_meanwhile_goes_out_after_the_release(world, site_file):
    held(world, site_file)
    waiting = world.hospital(overlays=[site_file()])
    report = waiting.push(lines([but(world.plan(0), description="ours")]))
    assert (report.sent, [each.code for each in report.held]) == (0, ["unknown-code"])
    waiting.close()
    hospital = world.hospital(overlays=[site_file(ROW)])
    hospital.pull()
    assert hospital.push().updated == 1
    assert said(world) == ("nearly", "ours")


def test_a_change_on_the_server_releases_it_too(world, site_file):
    held(world, site_file)
    nearly(world, "achieved")
    hospital = world.hospital(overlays=[site_file()])
    report = hospital.pull()
    assert [(record.goals[0].achievement, report.held) for _, record in report.changes] == [("achieved", ())]
    assert (hospital.ledger.missing(), hospital.ledger.in_state(State.HELD)) == ([], [])


def test_a_push_that_meets_the_code_first_holds_the_record(world, site_file):
    world.patient(0)
    hospital = world.hospital(overlays=[site_file()])
    hospital.push(lines(world.caseload(1)))
    nearly(world)
    report = hospital.push(lines([but(world.plan(0), description="ours")]))
    assert [(each.key.value, each.code) for each in report.held] == [("P-0", "unknown-code")]
    assert [row.code for row in hospital.ledger.missing()] == ["nearly"]
    hospital.close()
    after = world.hospital(overlays=[site_file(ROW)])
    after.pull()
    assert after.push().outstanding == 0
    assert said(world) == ("nearly", "ours")


def test_a_referral_that_is_new_to_us_is_read_once_the_row_is_there(world, site_file):
    world.patient(0)
    us = world.organization()
    world.hospital().push(lines(world.caseload(1)))
    haste = [{"url": "https://site.example/haste", "valueCode": "odd"}]
    request = world.one("ServiceRequest", "referral", "R-0")
    world.edit(request, extension=[*request.get("extension", ()), *haste])
    agency = world.agency(us, overlays=[site_file(URGENCY % "", "referral")])
    report = agency.pull()
    assert (report.changes, report.refused) == ((), ())
    [row] = agency.ledger.missing()
    assert (row.table, row.code, row.place) == ("haste", "odd", "req.extension[haste].valueCode")
    assert row.examples[0].value.startswith("ServiceRequest/")
    agency.close()

    again = world.agency(
        us,
        overlays=[site_file(URGENCY % ", reads: {theirs: [[stat, odd]]}", "referral")],
        url="http://127.0.0.1:9/fhir",
    )
    [(_, record)] = again.pull().changes
    assert (record.key.value, record.urgency, len(record.offers)) == ("R-0", "stat", 1)
    assert (again.ledger.missing(), again.ledger.unread("ehr")) == ([], [])
    again.close()
    online = world.agency(us, overlays=[site_file(URGENCY % ", reads: {theirs: [[stat, odd]]}", "referral")])
    assert online.pull().changes == ()
    assert online.push().requests == 0


def test_what_is_of_a_forgotten_client_is_not_kept_though_a_row_would_help(world, site_file):
    world.patient(0)
    us = world.organization()
    world.hospital().push(lines(world.caseload(1)))
    agency = world.agency(us, overlays=[site_file(URGENCY % "", "referral")])
    agency.pull()
    forget(agency.ledger, f"{world.namespace}/mrn|M0", now=datetime.now(UTC))
    request = world.one("ServiceRequest", "referral", "R-0")
    haste = [{"url": "https://site.example/haste", "valueCode": "odd"}]
    world.edit(request, extension=[*request.get("extension", ()), *haste])
    world.edit(world.one("Task", "offer", "R-0:o1"), description="look here")
    agency.pull()
    assert agency.ledger.unread("ehr") == []
    assert list(agency.ledger.scan()) == []


def test_the_worklist_is_shown_without_anything_about_persons(world, site_file):
    held(world, site_file, title="About Jo Doe")
    ledger = str(world.folder / "hospital")
    shown = CliRunner().invoke(app, ["mappings", "unknown", "--ledger", ledger])
    assert shown.exit_code == exits.OWED
    assert [word in shown.stdout for word in ("how-far", "nearly", PLACE, "ehr", "P-0")] == [True] * 5
    assert "Doe" not in shown.stdout + shown.stderr
    [row] = json.loads(CliRunner().invoke(app, ["mappings", "unknown", "--json", "--ledger", ledger]).stdout)
    assert (row["table"], row["code"], row["records"], row["times"]) == ("how-far", "nearly", 1, 1)

    with world.hospital(overlays=[site_file(ROW)]) as hospital:
        hospital.pull()
    empty = CliRunner().invoke(app, ["mappings", "unknown", "--ledger", ledger])
    assert (empty.exit_code, empty.stdout) == (exits.DONE, "")
