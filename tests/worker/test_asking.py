"""How a pull comes to know what changed, on servers that can be asked in other ways, or answer oddly."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.faults import between
from tests.worker.odd import BEGIN, Odd
from tests.world import World, lines


@pytest.fixture
def odd(tmp_path) -> Iterator[Odd]:
    with between("http://127.0.0.1:9/fhir") as way:
        server = Odd(way.url)
        way.fault = server.answer
        yield server


@pytest.fixture
def world(odd, tmp_path) -> Iterator[World]:
    world = World(odd.url, tmp_path)
    yield world
    world.close()


def task(number, **more):
    return {"resourceType": "Task", "id": f"{number:03}", "status": "requested", "intent": "order", **more}


def told(site):
    report = site.pull()
    assert (report.stopped, report.refused) == ("", ())
    return sorted((change.key.value.rpartition("/")[2], record.status) for change, record in report.changes)


def agency(world, **settings):
    return world.site("agency", pull=["Task"], **settings)


WAYS = {
    "listed": {},
    "heeded but not listed": {"parameters": ("identifier",)},
    "the history": {"parameters": ("identifier",), "interactions": ("search-type", "history-type"), "heeds": ()},
    "modified": {"parameters": ("identifier", "modified"), "heeds": ("modified",)},
    "all of it": {"parameters": ("identifier",), "heeds": ()},
    "said to be heeded, but not": {"heeds": ()},
}


@pytest.mark.parametrize("way", WAYS)
def test_changes_are_found_whichever_way_the_server_can_be_asked(world, odd, way):
    for name, value in WAYS[way].items():
        setattr(odd, name, value)
    site = agency(world)
    for number in range(3):
        odd.put(task(number, lastModified=odd.clock.isoformat()))
    assert len(told(site)) == 3
    odd.put(task(1, status="accepted", lastModified=odd.clock.isoformat()))
    assert [status for _, status in told(site)] == ["accepted"]
    assert told(site) == []


def test_what_is_committed_late_is_found_the_next_time(world, odd):
    site = agency(world)
    odd.clock = BEGIN + timedelta(days=1)
    odd.put(task(1))
    assert len(told(site)) == 1
    odd.put(task(2), at=odd.clock - timedelta(minutes=2))
    assert len(told(site)) == 1


def test_pages_that_shift_lose_nothing(world, odd):
    """Sorted by their last change, what is written meanwhile moves to the end, and another slips a page ahead."""
    odd.page = 3
    for number in range(12):
        odd.put(task(number))
    odd.clock += timedelta(days=1)
    busy = iter(range(3))

    def somebody_writes():
        if (number := next(busy, None)) is not None:
            odd.put(task(number, status="accepted"))

    odd.between_pages = somebody_writes
    site = agency(world)
    assert len(told(site)) == 12
    assert told(site) == []


def test_a_server_on_which_pages_never_come_to_rest_is_asked_from_the_same_place_again(world, odd):
    odd.page = 2
    for number in range(40):
        odd.put(task(number))
    odd.clock += timedelta(days=1)
    order = iter(range(1000))
    odd.between_pages = lambda: odd.put(task(next(order) % 40, status="accepted"))
    site = agency(world)
    seen = {name for name, _ in told(site)}
    odd.between_pages = None
    seen |= {name for name, _ in told(site)}
    assert len(seen) == 40


def test_a_moment_in_the_future_hides_nothing(world, odd):
    site = agency(world)
    odd.put(task(1), at=BEGIN + timedelta(days=40_000))
    assert len(told(site)) == 1
    odd.clock = BEGIN + timedelta(days=20_000)
    odd.put(task(2))
    assert len(told(site)) == 1


def test_what_a_server_heeds_is_found_out_once(world, odd):
    odd.parameters, odd.heeds = ("identifier",), ()
    odd.put(task(1))
    site = agency(world)
    site.pull()
    site.pull()
    assert len([each for each in odd.asked if each.startswith("Task?_lastUpdated=gt2999")]) == 1
    assert site.ledger.facts("ehr")["answers _lastUpdated Task"] == "no"


@pytest.mark.parametrize("interactions", [("search-type",), ("search-type", "history-type")])
def test_a_deletion_is_noticed_though_nothing_else_changed(world, odd, interactions):
    odd.interactions = interactions
    site = agency(world)
    for number in range(3):
        odd.put(task(number))
    assert len(told(site)) == 3
    odd.delete("Task/001")
    report = site.pull()
    assert [(each.code, each.key.value.rpartition("/")[2]) for each in report.refused] == [("deleted", "001")]


def test_reading_again_goes_round_a_few_at_a_time(world, odd):
    site = agency(world, recheck=2)
    for number in range(5):
        odd.put(task(number))
    assert len(told(site)) == 5
    odd.delete("Task/004")
    rounds = 0
    while not site.pull().refused:
        rounds += 1
        assert rounds < 4
    odd.asked.clear()
    site.pull()
    assert len([each for each in odd.asked if each.startswith("Task/")]) == 2


def test_reading_again_may_be_turned_off(world, odd):
    site = agency(world, recheck=0)
    odd.put(task(1))
    assert len(told(site)) == 1
    odd.delete("Task/001")
    assert site.pull().refused == ()


def test_a_real_servers_history_tells_of_deletions(sekmet, tmp_path):
    world = World(sekmet, tmp_path)
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    assert hospital.pull().refused == ()
    world.client.delete("CarePlan", world.one("CarePlan", "care-plan", "P-0")["id"])
    assert [(each.key.value, each.code) for each in hospital.pull().refused] == [("P-0", "deleted")]
    world.close()
