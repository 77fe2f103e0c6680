"""A server that merges two patients: what we hold follows to the survivor, and the local system is told, once."""

import pytest
from tests.world import but, lines


def merge(world, old, new, *, said_by="both"):
    """Merge as servers do: either of the two, or both, say so."""
    dead = world.client.read(*old.split("/")).resource
    alive = world.client.read(*new.split("/")).resource
    if said_by != "survivor":
        dead |= {"link": [{"other": {"reference": new}, "type": "replaced-by"}]}
    world.edit(dead, active=False)
    if said_by != "merged":
        world.edit(alive, link=[{"other": {"reference": old}, "type": "replaces"}])


@pytest.fixture
def pair(world):
    """A hospital with a caseload of one client, and that client's patient with another one of the same person."""
    old = world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    hospital.pull()
    new = world.client.create({"resourceType": "Patient", "identifier": [world.token("mrn", "M9")], "gender": "female"})
    return hospital, old, f"Patient/{new.id}"


@pytest.mark.parametrize("said_by", ["both", "merged", "survivor"])
def test_every_record_of_the_client_is_told_once(world, pair, said_by):
    hospital, old, new = pair
    merge(world, old, new, said_by=said_by)
    report = hospital.pull()
    told = {change.key.value: change.fields for change, _ in report.changes}
    assert told.keys() == {"C-0", "P-0", "R-0"}
    assert all("client" in fields for fields in told.values())
    assert {each.problems[0].what for each in report.remarks if each.code == "merged"} == {
        f"{old} was merged into {new}"
    }
    again = hospital.pull()
    assert ([each for each in again.remarks if each.code == "merged"], again.changes) == ([], ())


def test_the_client_is_who_the_survivor_is(world, pair):
    hospital, old, new = pair
    merge(world, old, new)
    case = next(record for change, record in hospital.pull().changes if change.key.kind == "case")
    assert case.client.sex == "female"
    [key] = [record.key for record in hospital.ledger.scan("case")]
    [row] = [row for row in hospital.ledger.resources("ehr", [key])[key] if row.role == "patient"]
    assert row.reference == new
    assert set(hospital.ledger.links("ehr", [f"Patient {world.namespace}/mrn|M0"]).values()) == {new}


def test_what_is_sent_goes_to_the_survivor(world, pair):
    hospital, old, new = pair
    merge(world, old, new)
    hospital.pull()
    assert hospital.push(lines([but(world.plan(0), description="more")])).updated == 1
    assert world.one("CarePlan", "care-plan", "P-0")["subject"]["reference"] == new
    referral = but(world.referral(0), key=world.key("referral", "R-5"), offers=())
    assert hospital.push(lines([referral])).outstanding == 0
    assert world.one("ServiceRequest", "referral", "R-5")["subject"]["reference"] == new


def test_a_push_that_comes_upon_a_merge_first_goes_to_the_survivor_and_the_pull_tells_of_it(world, pair):
    hospital, old, new = pair
    merge(world, old, new)
    referral = but(world.referral(0), key=world.key("referral", "R-5"), offers=())
    assert hospital.push(lines([referral])).outstanding == 0
    assert world.one("ServiceRequest", "referral", "R-5")["subject"]["reference"] == new
    assert {"C-0", "P-0", "R-0"} <= {change.key.value for change, _ in hospital.pull().changes}


def test_the_merged_patient_may_be_deleted_afterwards(world, pair):
    hospital, old, new = pair
    merge(world, old, new)
    hospital.pull()
    world.client.delete(*old.split("/"))
    world.edit(world.one("Task", "case", "C-0"), note=[{"text": "seen"}])
    report = hospital.pull()
    assert (report.refused, [change.fields for change, _ in report.changes]) == ((), [("notes",)])
