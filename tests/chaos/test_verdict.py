"""A judge that never finds anything proves nothing: each kind of harm is done to a sound server, and found."""

import random

import pytest
from tests.chaos.agency import Agency
from tests.chaos.hospital import Hospital
from tests.chaos.reading import history
from tests.chaos.verdict import judged
from tests.world import World, lines


@pytest.fixture
def world(sekmet, tmp_path):
    world = World(sekmet, tmp_path)
    yield world
    world.close()


@pytest.fixture
def sides(world):
    """A hospital that has pushed its records, and an agency that has written once."""
    world.patient(0)
    hospital = Hospital(world, 3, random.Random(0), world.folder / "export.jsonl")
    hospital.edit("title", 0)
    hospital.edit("note", 0)
    world.hospital().push(lines(hospital.records.values()))
    agency = Agency(world, range(1), random.Random(0), pause=0.1)
    agency._edit(0)
    return hospital, agency


def verdict(sides):
    hospital, agency = sides
    return judged(history(hospital.world.url, hospital.world.namespace), hospital, agency, b"")


def test_nothing_is_wrong_where_nothing_is_wrong(sides):
    assert verdict(sides).wrong == []


def test_what_was_never_sent_is_missing(world):
    world.patient(0)
    hospital = Hospital(world, 3, random.Random(0), world.folder / "export.jsonl")
    agency = Agency(world, range(1), random.Random(0), pause=0.1)
    assert len(verdict((hospital, agency)).missing) == 8


def test_a_resource_made_twice_is_found_also_where_it_cannot_be_searched(world, sides):
    goal = next(v[-1].resource for (kind, _), v in history(world.url, world.namespace).items() if kind == "Goal")
    world.client.create({name: value for name, value in goal.items() if name != "id"})
    assert verdict(sides).doubled == ["('Goal', 'goal', 'P-0:g1'): 2"]


@pytest.mark.parametrize(
    "harm", [{"note": []}, {"status": "cancelled"}, {"statusReason": {"text": "of nobody's"}}], ids=str
)
def test_an_update_of_the_agencys_that_is_written_over_is_found_even_if_it_is_put_right_again(world, sides, harm):
    task = world.one("Task", "offer", "R-0:o1")
    world.edit(task, **harm)
    world.edit(task)
    assert len(verdict(sides).lost) == 1


def test_an_edit_of_the_hospitals_that_never_arrived_is_found(sides):
    sides[0].edit("title", 0)
    sides[0].edit("offer note", 0)
    assert len(verdict(sides).lost) == 2


def test_a_change_where_nobody_edited_is_found(world, sides):
    world.edit(world.one("CarePlan", "care-plan", "P-0"), description="of nobody's")
    assert len(verdict(sides).altered) == 1


def test_a_reference_that_leads_nowhere_is_found(world, sides):
    case = world.one("EpisodeOfCare", "case", "C-0")
    condition = case["diagnosis"][0]["condition"]["reference"]
    world.client.delete(*condition.split("/"))
    assert any(condition in each for each in verdict(sides).altered)
