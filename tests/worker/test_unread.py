"""A code that no table knows, on a real server: its record waits, and a row for it lets it through."""

import json
from pathlib import Path

import pytest
from tests.world import but, lines
from typer.testing import CliRunner

from fhircase.cli import app, exits
from fhircase.ledger import State
from fhircase.mapping import compiled, files
from fhircase.worker import texts

CACHES = (files.documents, compiled.compiled, compiled.all_compiled, texts.mapping_digest)


@pytest.fixture
def site_file(tmp_path: Path):
    """An overlay file that can be written anew, as an analyst would between two runs."""
    place = tmp_path / "site.yaml"

    def write(rows: str = "", over: str = "care-plan") -> str:
        more = f"rows: {{{rows}}}\n" if rows else ""
        place.write_text(f"overlay: site@1\nover: [{over}@1]\n{more}", encoding="utf-8")
        for kept in CACHES:
            kept.cache_clear()
        return str(place)

    yield write
    for kept in CACHES:
        kept.cache_clear()


def requests(site):
    return site._counter.requests


PLAN_ROW = "plan-status: [[on-hold, paused]]"


def paused(world, site_file, **more):
    """A hospital whose plan has a status on the server that nobody knows."""
    world.patient(0)
    hospital = world.hospital(overlays=[site_file()])
    hospital.push(lines(world.caseload(1)))
    world.edit(world.one("CarePlan", "care-plan", "P-0"), status="paused", **more)
    report = hospital.pull()
    hospital.close()
    return report


def test_a_record_of_ours_is_held_for_a_code_and_counted(world, site_file):
    report = paused(world, site_file)
    assert (report.changes, report.refused) == ((), ())
    [held] = report.held
    assert (held.key.value, held.code) == ("P-0", "unknown-code")
    assert "unknown code `paused` @ plan.status" in held.reason

    hospital = world.hospital(overlays=[site_file()])
    [row] = hospital.ledger.missing()
    assert (row.table, row.code, row.place, row.records) == ("plan-status", "paused", "plan.status", 1)
    assert [key.value for key in row.examples] == ["P-0"]
    assert [each.key.value for each in hospital.ledger.in_state(State.HELD)] == ["P-0"]
    assert [each.key.value for each in hospital.pull().held] == ["P-0"], "it waits still"
    assert hospital.ledger.missing() == [row]


def test_the_row_releases_what_was_held_without_a_word_to_the_server(world, site_file):
    paused(world, site_file, title="news")
    with world.hospital(overlays=[site_file(PLAN_ROW)], url="http://127.0.0.1:9/fhir") as offline:
        report = offline.pull()
        [(change, record)] = report.changes
        assert report.stopped
        assert (record.status, record.title) == ("on-hold", "news")
        assert set(change.fields) == {"status", "title"}
        assert (report.held, offline.ledger.missing(), offline.ledger.unread("ehr")) == ((), [], [])
        assert offline.ledger.in_state(State.HELD) == []
        assert offline.ledger.deliveries("ehr", [change.key])[change.key].state is State.AGREED

    hospital = world.hospital(overlays=[site_file(PLAN_ROW)])
    assert hospital.pull().changes == ()
    before = world.one("CarePlan", "care-plan", "P-0")
    assert hospital.push(lines([but(record, description="more")])).updated == 1
    after = world.one("CarePlan", "care-plan", "P-0")
    assert (after["status"], after["description"], before["status"]) == ("paused", "more", "paused")


def test_another_row_releases_nothing(world, site_file):
    paused(world, site_file)
    hospital = world.hospital(overlays=[site_file("plan-status: [[on-hold, resting]]")])
    assert [each.key.value for each in hospital.pull().held] == ["P-0"]
    assert [row.code for row in hospital.ledger.missing()] == ["paused"]


def test_what_we_wished_meanwhile_goes_out_after_the_release(world, site_file):
    paused(world, site_file)
    held = world.hospital(overlays=[site_file()])
    report = held.push(lines([but(world.plan(0), description="ours")]))
    assert (report.sent, [each.code for each in report.held]) == (0, ["unknown-code"])
    held.close()
    hospital = world.hospital(overlays=[site_file(PLAN_ROW)])
    hospital.pull()
    assert hospital.push().updated == 1
    plan = world.one("CarePlan", "care-plan", "P-0")
    assert (plan["status"], plan["description"]) == ("paused", "ours")


def test_a_change_on_the_server_releases_it_too(world, site_file):
    paused(world, site_file)
    world.edit(world.one("CarePlan", "care-plan", "P-0"), status="completed")
    hospital = world.hospital(overlays=[site_file()])
    report = hospital.pull()
    assert [(record.status, report.held) for _, record in report.changes] == [("completed", ())]
    assert (hospital.ledger.missing(), hospital.ledger.in_state(State.HELD)) == ([], [])


def test_a_push_that_meets_the_code_first_holds_the_record(world, site_file):
    world.patient(0)
    hospital = world.hospital(overlays=[site_file()])
    hospital.push(lines(world.caseload(1)))
    world.edit(world.one("CarePlan", "care-plan", "P-0"), status="paused")
    report = hospital.push(lines([but(world.plan(0), description="ours")]))
    assert [(each.key.value, each.code) for each in report.held] == [("P-0", "unknown-code")]
    assert [row.code for row in hospital.ledger.missing()] == ["paused"]
    hospital.close()
    after = world.hospital(overlays=[site_file(PLAN_ROW)])
    after.pull()
    assert after.push().outstanding == 0
    plan = world.one("CarePlan", "care-plan", "P-0")
    assert (plan["status"], plan["description"]) == ("paused", "ours")


def test_a_referral_that_is_new_to_us_is_read_once_the_row_is_there(world, site_file):
    world.patient(0)
    us = world.organization()
    world.hospital().push(lines(world.caseload(1)))
    world.edit(world.one("ServiceRequest", "referral", "R-0"), status="odd")
    agency = world.agency(us, overlays=[site_file()])
    report = agency.pull()
    assert (report.changes, report.refused) == ((), ())
    [row] = agency.ledger.missing()
    assert (row.table, row.code, row.place) == ("referral-status", "odd", "req.status")
    assert row.examples[0].value.startswith("ServiceRequest/")
    agency.close()

    again = world.agency(
        us, overlays=[site_file("referral-status: [[suspended, odd]]", "referral")], url="http://127.0.0.1:9/fhir"
    )
    [(_, record)] = again.pull().changes
    assert (record.key.value, record.status, len(record.offers)) == ("R-0", "suspended", 1)
    assert (again.ledger.missing(), again.ledger.unread("ehr")) == ([], [])
    again.close()
    online = world.agency(us, overlays=[site_file("referral-status: [[suspended, odd]]", "referral")])
    assert online.pull().changes == ()
    assert online.push().requests == 0


def test_the_worklist_is_shown_without_anything_about_persons(world, site_file):
    paused(world, site_file, title="About Jo Doe")
    ledger = str(world.folder / "hospital")
    shown = CliRunner().invoke(app, ["mappings", "unknown", "--ledger", ledger])
    assert shown.exit_code == exits.OWED
    assert [word in shown.stdout for word in ("plan-status", "paused", "plan.status", "ehr", "P-0")] == [True] * 5
    assert "Doe" not in shown.stdout + shown.stderr
    [row] = json.loads(CliRunner().invoke(app, ["mappings", "unknown", "--json", "--ledger", ledger]).stdout)
    assert (row["table"], row["code"], row["records"], row["times"]) == ("plan-status", "paused", 1, 1)

    with world.hospital(overlays=[site_file(PLAN_ROW)]) as hospital:
        hospital.pull()
    empty = CliRunner().invoke(app, ["mappings", "unknown", "--ledger", ledger])
    assert (empty.exit_code, empty.stdout) == (exits.DONE, "")
