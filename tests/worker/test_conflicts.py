"""What both sides change to different things, on a real server: named, shown, settled, and in nobody's way."""

import subprocess
import sys

import pytest
from tests.faults import between
from tests.world import but, lines

from fhircase.errors import InvalidInput
from fhircase.ledger import Outcome
from fhircase.model import Concept, Goal
from fhircase.records import as_line


@pytest.fixture
def hospital(world):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    return hospital


def there(world):
    return world.one("CarePlan", "care-plan", "P-0")


def disputed(world, hospital, **ours):
    """The title is another one on either side; what else ours says is in its way no more."""
    world.edit(there(world), title="theirs")
    report = hospital.push(lines([but(world.plan(0), title="ours", **ours)]))
    [conflict] = hospital.conflicts()
    return conflict, report


def current(hospital, world):
    [(_, change)] = [(each.change.position, each) for each in hospital.changes()][-1:]
    return change.record


def test_one_field_waits_and_the_others_go_over(world, hospital):
    conflict, report = disputed(world, hospital, description="more")
    assert (conflict.path, conflict.ours, conflict.theirs, conflict.base) == (
        "title",
        b'"ours"',
        b'"theirs"',
        b'"plan"',
    )
    assert (report.updated, len(report.conflicts), report.owed, report.outstanding) == (1, 1, (), 1)
    assert (there(world)["title"], there(world)["description"]) == ("theirs", "more")
    assert conflict.reference == f"CarePlan/{there(world)['id']}"
    assert conflict.said is not None


def test_while_one_field_waits_news_of_the_others_is_read(world, hospital):
    conflict, _ = disputed(world, hospital)
    world.edit(there(world), description="news")
    report = hospital.pull()
    assert [record.description for _, record in report.changes] == ["news"]
    assert hospital.conflicts() == [conflict]


def test_settled_for_ours_it_is_sent(world, hospital):
    conflict, _ = disputed(world, hospital)
    assert hospital.settle(conflict.id, "ours").path == "title"
    assert hospital.push().outstanding == 0
    assert there(world)["title"] == "ours"
    assert current(hospital, world).title == "ours"
    assert hospital.conflicts() == []


def test_settled_for_theirs_it_stands_and_the_local_system_is_told(world, hospital):
    conflict, _ = disputed(world, hospital)
    hospital.ack([each.cursor for each in hospital.changes()][-1])
    hospital.settle(conflict.id, "theirs")
    [offer] = hospital.changes()
    assert (offer.change.fields, offer.record.title) == (("title",), "theirs")
    assert (hospital.push().sent, there(world)["title"]) == (0, "theirs")


def test_settled_for_something_else_that_is_sent_and_told(world, hospital):
    conflict, _ = disputed(world, hospital)
    hospital.settle(conflict.id, "edited", "both")
    assert hospital.push().outstanding == 0
    assert (there(world)["title"], current(hospital, world).title) == ("both", "both")


def test_settling_so_that_nothing_is_said_empties_the_field(world, hospital):
    conflict, _ = disputed(world, hospital)
    hospital.settle(conflict.id, "edited", None)
    assert hospital.push().outstanding == 0
    assert "title" not in there(world)


def test_a_value_that_does_not_fit_settles_nothing(world, hospital):
    conflict, _ = disputed(world, hospital)
    with pytest.raises(InvalidInput, match="title"):
        hospital.settle(conflict.id, "edited", 7)
    assert hospital.conflicts() == [conflict]


def test_settling_twice_does_nothing_the_second_time_and_never_the_opposite(world, hospital):
    conflict, _ = disputed(world, hospital)
    assert not hospital.settle(conflict.id, "ours").again
    offered = len(list(hospital.changes()))
    assert hospital.settle(conflict.id, "ours").again
    assert len(list(hospital.changes())) == offered
    with pytest.raises(InvalidInput, match="has ended already: ours"):
        hospital.settle(conflict.id, "theirs")


def test_what_the_server_changed_since_it_was_shown_is_not_settled(world, hospital):
    shown, _ = disputed(world, hospital)
    world.edit(there(world), title="theirs, later")
    hospital.pull()
    [now] = hospital.conflicts()
    assert (now.id != shown.id, now.ours, now.theirs) == (True, b'"ours"', b'"theirs, later"')
    with pytest.raises(InvalidInput, match=f"has changed since .* was shown .*look again: .*{now.id}"):
        hospital.settle(shown.id, "ours")
    hospital.settle(now.id, "ours")
    assert hospital.push().outstanding == 0
    assert there(world)["title"] == "ours"


def test_what_the_server_changes_after_it_was_settled_is_asked_anew(world, hospital):
    conflict, _ = disputed(world, hospital)
    hospital.settle(conflict.id, "ours")
    world.edit(there(world), title="theirs, later")
    report = hospital.push()
    [again] = hospital.conflicts()
    assert (again.theirs, there(world)["title"], len(report.conflicts)) == (b'"theirs, later"', "theirs, later", 1)


def test_what_the_server_takes_back_is_no_conflict_any_more(world, hospital):
    conflict, _ = disputed(world, hospital)
    world.edit(there(world), title="ours")
    hospital.pull()
    assert hospital.conflicts() == []
    assert hospital.ledger.conflict(conflict.id).outcome is Outcome.SAME


def test_a_local_system_that_took_theirs_over_before_ours_was_settled_undoes_nothing(world, hospital):
    conflict, _ = disputed(world, hospital)
    hospital.settle(conflict.id, "ours")
    hospital.push(lines([but(world.plan(0), title="theirs")]))
    assert there(world)["title"] == "ours"
    hospital.ack([each.cursor for each in hospital.changes()][-1])
    assert hospital.push(lines([but(world.plan(0), title="said later")])).outstanding == 0
    assert there(world)["title"] == "said later"


def takes_over(hospital, how):
    """The local system is told of what the server says."""
    if how == "a pull":
        hospital.told(hospital.pull(told=False))
    else:
        hospital.ack([each.cursor for each in hospital.changes()][-1])


@pytest.mark.parametrize("how", ["a pull", "the feed"])
def test_a_local_system_that_took_theirs_over_before_a_third_word_was_settled_disputes_nothing(world, hospital, how):
    conflict, _ = disputed(world, hospital)
    takes_over(hospital, how)
    hospital.settle(conflict.id, "edited", "both")
    report = hospital.push(lines([but(world.plan(0), title="theirs", description="more")]))
    assert (report.conflicts, report.outstanding, hospital.conflicts()) == ((), 0, [])
    assert (there(world)["title"], there(world)["description"]) == ("both", "more")
    assert current(hospital, world).title == "both"
    hospital.push(lines([but(world.plan(0), title="theirs", description="more still")]))
    assert (hospital.conflicts(), there(world)["title"]) == ([], "both")


def test_once_told_of_the_third_word_a_local_system_that_says_something_else_has_edited_it(world, hospital):
    conflict, _ = disputed(world, hospital)
    takes_over(hospital, "the feed")
    hospital.settle(conflict.id, "edited", "both")
    takes_over(hospital, "the feed")
    for title in ("theirs", "said later"):
        assert hospital.push(lines([but(world.plan(0), title=title)])).outstanding == 0
        assert (hospital.conflicts(), there(world)["title"]) == ([], title)


def test_a_word_of_its_own_against_a_third_one_it_was_not_told_of_is_asked(world, hospital):
    conflict, _ = disputed(world, hospital)
    takes_over(hospital, "the feed")
    hospital.settle(conflict.id, "edited", "both")
    hospital.push(lines([but(world.plan(0), title="said in the dark")]))
    [asked] = hospital.conflicts()
    assert (asked.ours, asked.theirs, there(world)["title"]) == (b'"said in the dark"', b'"both"', "both")


@pytest.mark.parametrize("taken", ["theirs", "theirs, later"])
def test_settled_twice_what_it_took_over_of_either_dispute_is_no_word_of_its_own(world, hospital, taken):
    first, _ = disputed(world, hospital)
    takes_over(hospital, "a pull")
    hospital.settle(first.id, "edited", "both")
    world.edit(there(world), title="theirs, later")
    hospital.push()
    [second] = hospital.conflicts()
    takes_over(hospital, "a pull")
    hospital.settle(second.id, "edited", "in the end")
    hospital.push(lines([but(world.plan(0), title=taken)]))
    assert (hospital.conflicts(), there(world)["title"]) == ([], "in the end")


def test_while_the_server_disputes_a_third_word_theirs_of_before_does_not_take_its_place(world, hospital):
    first, _ = disputed(world, hospital)
    takes_over(hospital, "a pull")
    hospital.settle(first.id, "edited", "both")
    world.edit(there(world), title="theirs, later")
    hospital.push()
    hospital.push(lines([but(world.plan(0), title="theirs")]))
    [second] = hospital.conflicts()
    assert (second.ours, second.theirs) == (b'"both"', b'"theirs, later"')


def test_acknowledging_the_news_settles_nothing(world, hospital):
    conflict, _ = disputed(world, hospital)
    hospital.ack([each.cursor for each in hospital.changes()][-1])
    assert hospital.conflicts() == [conflict]
    hospital.push(lines([but(world.plan(0), title="ours", description="more")]))
    assert (hospital.conflicts(), there(world)["title"]) == ([conflict], "theirs")


def test_what_is_acknowledged_beside_a_dispute_is_no_word_of_the_local_systems(world, hospital):
    disputed(world, hospital)
    world.edit(there(world), description="news")
    hospital.pull()
    hospital.ack(list(hospital.changes())[-1].cursor)
    world.edit(there(world), description="news since")
    hospital.pull()
    hospital.push(lines([but(world.plan(0), title="ours", description="news")]))
    assert [each.path for each in hospital.conflicts()] == ["title"]
    assert there(world)["description"] == "news since"


@pytest.mark.parametrize(("decision", "left"), [("ours", 1), ("theirs", 2)])
def test_an_item_that_one_side_took_out_and_the_other_changed_is_settled_either_way(world, hospital, decision, left):
    second = Goal(id="g2", description=Concept(text="sleep"), lifecycle="active")
    hospital.push(lines([but(world.plan(0), goals=(*world.plan(0).goals, second))]))
    goals = [world.client.read(*each["reference"].split("/")).resource for each in there(world)["goal"]]
    [sleep] = [goal for goal in goals if goal["description"]["text"] == "sleep"]
    world.edit(sleep, description={"text": "sleep well"})
    hospital.push(lines([world.plan(0)]))
    [conflict] = hospital.conflicts()
    assert (conflict.path, conflict.ours) == ("goals[g2]", None)
    assert b"sleep well" in conflict.theirs

    hospital.settle(conflict.id, decision)
    assert hospital.push().outstanding == 0
    assert len(there(world).get("goal", ())) == left


def test_several_places_are_settled_each_for_itself(world, hospital):
    world.edit(there(world), title="theirs", description="theirs")
    hospital.push(lines([but(world.plan(0), title="ours", description="ours")]))
    by_path = {each.path: each.id for each in hospital.conflicts()}
    assert set(by_path) == {"title", "description"}
    hospital.settle(by_path["title"], "ours")
    report = hospital.push()
    assert (there(world)["title"], there(world)["description"]) == ("ours", "theirs")
    assert (report.outstanding, [each.path for each in hospital.conflicts()]) == (1, ["description"])


def test_a_ledger_that_was_lost_asks_where_both_say_different_things(world):
    world.patient(0)
    world.hospital("first").push(lines(world.caseload(1)))
    world.edit(there(world), title="theirs")
    second = world.hospital("second")
    report = second.push(lines([world.case(0), but(world.plan(0), title="ours"), world.referral(0)]))
    assert [each.path for each in second.conflicts()] == ["title"]
    assert (report.owed, world.doubled(), there(world)["title"]) == ((), [], "theirs")
    second.settle(second.conflicts()[0].id, "ours")
    assert (second.push().outstanding, there(world)["title"]) == (0, "ours")


def test_an_answer_that_is_lost_after_a_conflict_was_found_loses_nothing_of_it(world, hospital):
    world.edit(there(world), title="theirs")
    with between(world.url) as way, world.hospital(url=way.url) as cut:
        puts = []

        def fault(method, path, body):
            # The first transaction meets the conflict; the answer to the second, with the rest, is lost.
            if method == "POST" and path == "/fhir" and b'"transaction"' in body:
                puts.append(path)
                return "lost" if len(puts) == 2 else None
            return None

        way.fault = fault
        cut.push(lines([but(world.plan(0), title="ours", description="more")]))
        [conflict] = cut.conflicts()
    report = hospital.push()
    assert (report.owed, hospital.conflicts()) == ((), [conflict])
    assert (there(world)["title"], there(world)["description"]) == ("theirs", "more")


KILLED = """
import os, sys
from fhircase.config import Config
from fhircase.records import read_records
from fhircase.wiring import open_site
from fhircase.worker import absorb

ledger, url, mrn, file = sys.argv[1:]
dispute = absorb.dispute

def dies(*args):
    dispute(*args)
    os.kill(os.getpid(), 9)

absorb.dispute = dies
server = {"url": url, "patient_identifiers": [mrn]}
with open_site(Config.model_validate({"ledger": ledger, "servers": {"ehr": server}}), "ehr") as site:
    with open(file, "rb") as stream:
        site.push([(line.text, line.record) for line in read_records(stream, "x")])
"""


def test_killed_while_a_conflict_is_being_kept_it_is_found_again(world, hospital, tmp_path):
    world.edit(there(world), title="theirs")
    ours = but(world.plan(0), title="ours", description="more")
    (tmp_path / "ours.ndjson").write_bytes(as_line(ours))
    arguments = [str(world.folder / "hospital"), world.url, f"{world.namespace}/mrn", str(tmp_path / "ours.ndjson")]
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
    assert killed.returncode == -9
    assert hospital.conflicts() == []

    report = hospital.push(lines([ours]))
    [conflict] = hospital.conflicts()
    assert (conflict.path, conflict.ours, conflict.theirs) == ("title", b'"ours"', b'"theirs"')
    assert (report.owed, there(world)["description"]) == ((), "more")


def test_what_was_said_against_a_decision_is_not_lost_when_the_server_moves_on(world, hospital):
    conflict, _ = disputed(world, hospital)
    hospital.settle(conflict.id, Outcome.OURS)
    world.edit(there(world), title="theirs again")
    hospital.push(lines([but(world.plan(0), title="ours since")]))
    assert [(each.ours, each.theirs) for each in hospital.conflicts()] == [(b'"ours since"', b'"theirs again"')]
    assert there(world)["title"] == "theirs again"
