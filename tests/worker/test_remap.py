"""A changed mapping rolled out on a real server: predicted to the element, tried, done, and taken back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.world import but, lines

from fhircase.exchange.push import pointers
from fhircase.ledger import State
from fhircase.mapping import compiled, files
from fhircase.worker import texts

CACHES = (files.documents, compiled.compiled, compiled.all_compiled, texts.mapping_digest)
MOVED = "change: {title: {field: plan.description}, description: {field: plan.title}}\n"
ROW = "rows: {plan-status: [[active, on-hold], [on-hold, active]]}\n"


@pytest.fixture
def hospital(world, tmp_path: Path):
    """Opens the hospital anew, with an overlay as an analyst has it by then."""
    place = tmp_path / "site.yaml"

    def opened(change: str = "", **settings: Any):
        place.write_text(f"overlay: site@1\nover: [care-plan@1]\n{change}", encoding="utf-8")
        for kept in CACHES:
            kept.cache_clear()
        for site in world.sites:
            site.close()
        return world.hospital(overlays=[str(place)], **settings)

    yield opened
    for kept in CACHES:
        kept.cache_clear()


def everything(world) -> dict[str, dict[str, Any]]:
    return {f"{each['resourceType']}/{each['id']}": each for each in world.everything()}


def differing(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What changed on the server, but for the version that it counts itself."""
    assert before.keys() == after.keys()
    for reference, old in before.items():
        for pointer in pointers(old, after[reference]):
            if not pointer.startswith("/meta/"):
                yield reference, pointer


def predicted(report) -> set[tuple[str, str]]:
    return {(each.reference, pointer) for each in report.planned for pointer in each.pointers}


def pushed(world, hospital, number=2):
    for each in range(number):
        world.patient(each)
    hospital().push(lines(world.caseload(number)))


@pytest.mark.parametrize("change", [MOVED, ROW, f"{MOVED}{ROW}"], ids=["element", "code", "both"])
def test_what_is_predicted_is_what_changes_and_nothing_else(world, hospital, change):
    pushed(world, hospital)
    world.edit(world.one("CarePlan", "care-plan", "P-0"), language="de", contributor=[{"display": "partner"}])
    hospital().pull()
    before = everything(world)
    site = hospital(change)
    plan = site.remap()
    assert (len(plan.planned), plan.sent, plan.left, plan.stopped) == (2, 0, (), "")
    assert everything(world) == before, "a plan writes nothing"
    assert site.ledger.status() == hospital(change).ledger.status()

    report = hospital(change).remap(dry_run=False)
    assert (report.sent, report.left, report.stopped) == (2, (), "")
    assert predicted(report) == predicted(plan)
    after = everything(world)
    assert set(differing(before, after)) == predicted(plan)
    plan_of_partner = world.one("CarePlan", "care-plan", "P-0")
    assert (plan_of_partner["language"], plan_of_partner["contributor"]) == ("de", [{"display": "partner"}])

    site = hospital(change)
    again = site.remap()
    assert (again.planned, again.reads, again.same) == ((), (), 0), "every row bears the new stamp"
    assert site.pull().changes == ()
    assert site.push(lines(world.caseload(2))).updated == 0
    assert len(site.ledger.in_state(State.AGREED)) == 6


def test_it_can_be_tried_on_a_few_by_number_or_by_name(world, hospital):
    pushed(world, hospital, 3)
    site = hospital(MOVED)
    assert site.remap(dry_run=False, only=["care-plan/P-1"]).sent == 1
    assert "title" not in world.one("CarePlan", "care-plan", "P-1")
    assert world.one("CarePlan", "care-plan", "P-0")["title"] == "plan"
    assert {each.key.value for each in site.remap().planned} == {"P-0", "P-2"}
    for _ in range(3):
        site.remap(dry_run=False, some=3)
    assert [world.one("CarePlan", "care-plan", f"P-{n}")["description"] for n in range(3)] == ["plan"] * 3


def test_what_only_reads_otherwise_is_told_and_not_written(world, hospital):
    """A plan born on the server: its status means something else now, and its words are the server's."""
    us = world.organization()
    world.patient(0)
    world.hospital().push(lines(world.caseload(1)))
    agency = world.agency(us)
    agency.pull()
    agency.close()
    before = everything(world)
    place = world.folder / "site.yaml"
    place.write_text(
        "overlay: s@1\nover: [referral@1]\nrows: {referral-status: [[suspended, active], [sent, on-hold]]}\n"
    )
    agency = world.agency(us, overlays=[str(place)])
    [(key, fields)] = [each for each in agency.remap().reads if each[0].kind == "referral"]
    assert (key.value, fields) == ("R-0", ("status",))
    report = agency.remap(dry_run=False)
    assert (report.planned, report.sent) == ((), 0)
    assert everything(world) == before
    assert [(record.status, change.fields) for change, record in agency.pull().changes] == [("suspended", ("status",))]
    assert agency.remap().reads == ()


def test_an_element_that_the_mapping_only_begins_to_own_is_read_and_never_emptied(world, hospital):
    pushed(world, hospital, 1)
    world.edit(world.one("CarePlan", "care-plan", "P-0"), language="de")
    hospital().pull()
    before = everything(world)
    report = hospital("change: {description: {field: plan.language}}\n").remap(dry_run=False)
    assert (report.planned, [fields for _, fields in report.reads]) == ((), [("description",)])
    assert everything(world) == before
    [(_, record)] = hospital("change: {description: {field: plan.language}}\n").pull().changes
    assert record.description == "de"


def test_it_is_taken_back_to_the_last_digit(world, hospital):
    pushed(world, hospital)
    before = everything(world)
    hospital(MOVED).remap(dry_run=False)
    site = hospital(MOVED)
    report = site.remap_back()
    assert (report.sent, report.left, report.stopped) == (2, (), "")
    assert set(differing(before, everything(world))) == set()
    assert site.ledger.remaps("ehr") == []
    old = hospital()
    assert (old.remap().planned, old.remap().reads) == ((), ())
    assert old.pull().changes == ()
    assert old.push(lines(world.caseload(2))).updated == 0


def test_what_others_changed_since_stands_when_it_is_taken_back(world, hospital):
    pushed(world, hospital)
    hospital(MOVED).remap(dry_run=False)
    world.edit(world.one("CarePlan", "care-plan", "P-0"), description="theirs", language="de")
    world.edit(world.one("CarePlan", "care-plan", "P-1"), language="de")
    site = hospital(MOVED)
    report = site.remap_back()
    [left] = report.left
    assert (left.key.value, left.code) == ("P-0", "changed-since")
    assert "#/description" in left.reason
    theirs, ours = (world.one("CarePlan", "care-plan", f"P-{number}") for number in range(2))
    assert (theirs["description"], theirs["language"]) == ("theirs", "de")
    assert (ours["title"], ours["language"], ours.get("description")) == ("plan", "de", None)

    assert hospital().remap(dry_run=False).sent == 1, "under the mapping as it was it is said in that one's places"
    theirs = world.one("CarePlan", "care-plan", "P-0")
    assert (theirs["title"], theirs["language"], theirs.get("description")) == ("theirs", "de", None)


def test_what_we_changed_since_stands_too(world, hospital):
    pushed(world, hospital, 1)
    site = hospital(MOVED)
    site.remap(dry_run=False)
    site.push(lines([but(world.plan(0), title="newer")]))
    assert world.one("CarePlan", "care-plan", "P-0")["description"] == "newer"
    [left] = hospital(MOVED).remap_back().left
    assert left.code == "changed-since"
    assert world.one("CarePlan", "care-plan", "P-0")["description"] == "newer"
    hospital().remap(dry_run=False)
    plan = world.one("CarePlan", "care-plan", "P-0")
    assert (plan["title"], plan.get("description")) == ("newer", None)


def test_what_is_owed_or_in_conflict_is_left_alone(world, hospital):
    pushed(world, hospital)
    offline = hospital(url="http://127.0.0.1:9/fhir")
    offline.push(lines([but(world.plan(0), title="ours")]))
    site = hospital(MOVED)
    report = site.remap(dry_run=False)
    assert [(each.key.value, each.state) for each in report.left] == [("P-0", "owed")]
    assert world.one("CarePlan", "care-plan", "P-0")["title"] == "plan"
    assert world.one("CarePlan", "care-plan", "P-1")["description"] == "plan"


def test_a_partner_who_writes_in_between_is_merged_in(world, hospital):
    pushed(world, hospital, 1)
    world.edit(world.one("CarePlan", "care-plan", "P-0"), language="de")
    report = hospital(MOVED).remap(dry_run=False)
    assert (report.sent, report.left) == (1, ())
    plan = world.one("CarePlan", "care-plan", "P-0")
    assert (plan["description"], plan["language"], plan.get("title")) == ("plan", "de", None)


def test_it_is_taken_back_only_under_the_mapping_that_wrote_it(world, hospital):
    pushed(world, hospital, 1)
    hospital(MOVED).remap(dry_run=False)
    report = hospital(ROW).remap_back()
    assert [each.code for each in report.left] == ["other-mapping"]
    assert world.one("CarePlan", "care-plan", "P-0")["description"] == "plan"
