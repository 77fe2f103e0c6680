"""The feed for the local system: offered until acknowledged, and what was acknowledged is its base."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from tests.world import but, lines
from typer.testing import CliRunner

from fhircase.cli import app, exits
from fhircase.errors import InvalidInput
from fhircase.fhir import jsontext

SEEDS = int(os.environ.get("SEEDS", "3"))
"""How many runs that are killed; more of them on request."""


def edited(world, hospital, *titles):
    """A plan whose title others change, pulled after each change."""
    world.patient(0)
    hospital.push(lines(world.caseload(1)))
    for title in titles:
        world.edit(world.one("CarePlan", "care-plan", "P-0"), title=title)
        hospital.pull()


def test_each_change_comes_with_the_record_as_of_it_until_it_is_acknowledged(world):
    hospital = world.hospital()
    edited(world, hospital, "one", "two")
    first, second = hospital.changes()
    assert [offer.record.title for offer in (first, second)] == ["one", "two"]
    assert (first.change.fields, first.change.source) == (("title",), "ehr")
    assert list(hospital.changes()) == [first, second], "nobody acknowledged anything"

    assert hospital.ack(first.cursor) == 1
    assert list(hospital.changes()) == [second]
    assert list(hospital.changes(first.cursor, limit=1)) == [second]
    assert (hospital.ack(second.cursor), hospital.ack(first.cursor)) == (1, 0)
    assert list(hospital.changes()) == []


def test_a_line_of_the_feed_holds_what_a_push_takes(world):
    hospital = world.hospital()
    edited(world, hospital, "news")
    [offer] = hospital.changes()
    line = json.loads(offer.line())
    assert (line["cursor"], line["id"], line["fields"]) == (offer.cursor, offer.change.id, ["title"])
    assert line["key"] == {"kind": "care-plan", "namespace": world.namespace, "value": "P-0"}
    assert jsontext.encode(jsontext.decode(offer.line())["record"]) == offer.text
    assert (line["record"]["record"], line["record"]["title"]) == ("care-plan", "news")


def test_what_was_acknowledged_is_what_the_next_input_is_compared_with(world):
    hospital = world.hospital()
    edited(world, hospital, "theirs")
    [offer] = hospital.changes()
    hospital.ack(offer.cursor)
    ours = but(offer.record, title="ours")
    assert hospital.push(lines([ours])).updated == 1, "the local system had theirs, and said something else"
    assert world.one("CarePlan", "care-plan", "P-0")["title"] == "ours"


def test_a_record_as_acknowledged_with_a_change_of_ours_sends_that_change_only(world):
    hospital = world.hospital()
    edited(world, hospital, "theirs")
    [offer] = hospital.changes()
    hospital.ack(offer.cursor)
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="theirs again")
    report = hospital.push(lines([but(offer.record, description="ours")]))
    assert (report.updated, report.conflicts) == (1, ())
    plan = world.one("CarePlan", "care-plan", "P-0")
    assert (plan["title"], plan["description"]) == ("theirs again", "ours")


def test_yesterdays_file_sends_nothing_after_the_news_was_acknowledged(world):
    hospital = world.hospital()
    edited(world, hospital, "theirs")
    [offer] = hospital.changes()
    hospital.ack(offer.cursor)
    report = hospital.push(lines(world.caseload(1)))
    assert (report.unchanged, report.sent, report.requests) == (3, 0, 0)


def test_what_is_acknowledged_decides_no_conflict(world):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="theirs")
    [conflict] = hospital.push(lines([but(world.plan(0), title="ours")])).conflicts
    for offer in hospital.changes():
        hospital.ack(offer.cursor)
    world.edit(world.one("CarePlan", "care-plan", "P-0"), description="more")
    assert [each.key for each in hospital.pull().conflicts] == [conflict.key]


def test_a_cursor_of_another_feed_is_refused(world):
    hospital = world.hospital()
    edited(world, hospital, "news")
    [offer] = hospital.changes()
    position, _, id_ = offer.cursor.partition(".")
    for wrong in ("", "x", position, f"{position}.", f"{position}.ffffffff", f"{int(position) + 1}.{id_}", f"0.{id_}"):
        with pytest.raises(InvalidInput, match="start without --after"):
            hospital.ack(wrong)
        with pytest.raises(InvalidInput):
            list(hospital.changes(wrong))
    assert len(list(hospital.changes())) == 1


def test_what_was_let_go_of_is_offered_as_it_is_now(world):
    hospital = world.hospital()
    edited(world, hospital, "one", "two")
    first, second = hospital.changes()
    hospital.ledger.drop_texts(first.change.position)
    assert [offer.record.title for offer in hospital.changes()] == ["two", "two"]
    assert hospital.ack(second.cursor) == 2


def test_a_long_feed_is_read_and_acknowledged_in_pages(world, monkeypatch):
    hospital = world.hospital()
    edited(world, hospital, "one", "two", "three")
    monkeypatch.setattr("fhircase.worker.feed.PAGE", 2)
    offers = list(hospital.changes())
    assert [offer.record.title for offer in offers] == ["one", "two", "three"]
    assert hospital.ack(offers[-1].cursor) == 3


def test_what_a_pull_found_is_handed_over_again_until_it_is_safe(world):
    hospital = world.hospital()
    edited(world, hospital)
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="news")
    first = hospital.pull(told=False)
    again = hospital.pull(told=False)
    assert [change.id for change, _ in first.changes] == [change.id for change, _ in again.changes] != []
    hospital.told(again)
    assert hospital.pull().changes == ()


def test_a_file_that_cannot_be_written_costs_no_news(world):
    hospital = world.hospital()
    edited(world, hospital)
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="news")
    hospital.close()
    settings = world.folder / "fhircase.toml"
    settings.write_text(f'[servers.ehr]\nurl = "{world.url}"\n')
    options = ["pull", "--server", "ehr", "--ledger", str(world.folder / "hospital"), "--config", str(settings), "-o"]
    file = world.folder / "news.ndjson"
    assert CliRunner().invoke(app, [*options, str(world.folder / "nowhere" / "news.ndjson")]).exit_code == exits.USAGE
    assert CliRunner().invoke(app, [*options, str(file)]).exit_code == exits.DONE
    assert [json.loads(line)["title"] for line in file.read_text().splitlines()] == ["news"]
    assert CliRunner().invoke(app, [*options, str(file)]).exit_code == exits.DONE
    assert file.read_text() == ""


@pytest.mark.parametrize("seed", range(SEEDS))
def test_killed_between_pull_and_import_no_change_is_lost_and_none_has_two_ids(world, seed):
    chance, clients = random.Random(seed), 4
    for number in range(clients):
        world.patient(number)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(clients)))
    plans = [world.one("CarePlan", "care-plan", f"P-{number}") for number in range(clients)]
    for kill in range(4):
        with _importing(world, 10_000) as process:
            end = time.monotonic() + chance.uniform(0.9, 1.8)
            for number in count():
                world.edit(chance.choice(plans), title=f"{kill}.{number}")
                if time.monotonic() > end:
                    break
                time.sleep(chance.uniform(0, 0.1))
            os.kill(process.pid, signal.SIGKILL)
    assert _importing(world, 1).wait(60) == 0

    changes = hospital.ledger.changes()
    with closing(sqlite3.connect(world.folder / "imported.db")) as database:
        imported = {id_ for (id_,) in database.execute("SELECT id FROM imported")}
        records = dict(database.execute("SELECT key, text FROM records"))
    assert imported == {change.id for change in changes} != set()
    assert len({(change.key, change.text) for change in changes}) == len(changes), "the same news under two ids"
    there = {plan["identifier"][0]["value"]: plan["title"] for plan in world.everything() if "title" in plan}
    for change in changes:
        assert json.loads(records["|".join(change.key)])["title"] == there[change.key.value]
    assert list(hospital.changes()) == []


def _importing(world, rounds):
    script = Path(__file__).with_name("importing.py")
    arguments = [world.url, str(world.folder), world.namespace, str(rounds)]
    return subprocess.Popen([sys.executable, str(script), *arguments], cwd=Path(__file__).parents[2])
