"""Records that were in conflict as a whole, in a ledger of an earlier version: no word of either side is lost."""

import sqlite3
from contextlib import closing

import pytest
from tests.world import but, lines

from fhircase.ledger import Outcome
from fhircase.ledger.stores import _queries as queries
from fhircase.ledger.stores import _sqlite_file as sqlite_file
from fhircase.ledger.stores._sqlite_connection import SQL
from fhircase.worker.texts import digest, mapping_digest, text_of
from fhircase.worker.verify import verify

TABLES = {1: ("records", "resources", "deliveries", "cursors", "links", "changes"), 2: ("unread", "remaps")}


def older(path, version):
    """Write a ledger again as that version had it."""
    new = path.rename(path.with_suffix(".new"))
    with closing(sqlite3.connect(path)) as old:
        old.execute("ATTACH ? AS new", (str(new),))
        for number in range(1, version + 1):
            for statement in queries.statements(SQL[f"schema_{number}"]):
                old.execute(statement)
            for table in TABLES[number]:
                columns = ", ".join(row[1] for row in old.execute(f"PRAGMA main.table_info({table})"))
                old.execute(f"INSERT INTO main.{table} SELECT {columns} FROM new.{table}")  # noqa: S608
        old.execute(f"PRAGMA application_id = {sqlite_file.APPLICATION_ID}")
        old.execute(f"PRAGMA user_version = {version}")
        old.commit()
    new.unlink()


@pytest.fixture(params=[1, 2])
def hospital(world, request):
    """A hospital whose plan was in conflict when its ledger was of an earlier version: theirs stood, ours was said."""
    world.patient(0)
    site = world.hospital()
    site.push(lines(world.caseload(1)))
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="theirs")
    site.pull()
    site.close()
    path = world.folder / "hospital"
    older(path, request.param)
    text = text_of(said(world))
    with closing(sqlite3.connect(path)) as old:
        of_plan = "record = (SELECT id FROM records WHERE kind = 'care-plan')"
        values = (text, digest(text, mapping_digest("R4", ())))
        old.execute("UPDATE records SET local = ?, digest = ? WHERE kind = 'care-plan'", values)
        why = ("conflict", "conflict", "changed on both sides: title")
        old.execute(f"UPDATE deliveries SET state = ?, code = ?, reason = ? WHERE {of_plan}", why)  # noqa: S608
        old.commit()
    return world.hospital()


def said(world):
    return but(world.plan(0), title="ours")


def test_until_it_is_said_again_it_is_refused_with_its_reason(world, hospital):
    counts = hospital.status()["servers"]["ehr"]
    assert (counts["refused"], counts["conflicts"], counts["agreed"]) == (1, 0, 2)
    [each] = hospital.push().refused
    assert (each.key.value, each.reason) == ("P-0", "changed on both sides: title")
    assert (hospital.conflicts(), list(verify(hospital.ledger))) == ([], [])


def test_the_same_input_makes_a_conflict_of_it_that_can_be_settled(world, hospital):
    export = [world.case(0), said(world), world.referral(0)]
    report = hospital.push(lines(export))
    [conflict] = hospital.conflicts()
    assert (conflict.path, conflict.ours, conflict.theirs) == ("title", b'"ours"', b'"theirs"')
    assert (report.refused, len(report.conflicts)) == ((), 1)
    assert world.one("CarePlan", "care-plan", "P-0")["title"] == "theirs"
    assert hospital.push(lines(export)).sent == 0
    assert hospital.conflicts() == [conflict]

    hospital.settle(conflict.id, Outcome.OURS.value)
    assert hospital.push().updated == 1
    assert world.one("CarePlan", "care-plan", "P-0")["title"] == "ours"
    assert hospital.push(lines(export)).outstanding == 0


def test_an_input_that_says_what_they_say_settles_it(world, hospital):
    report = hospital.push(lines([but(world.plan(0), title="theirs")]))
    assert (report.outstanding, hospital.conflicts(), report.updated) == (0, [], 0)
