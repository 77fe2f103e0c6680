"""Which records are under way together, tried out with any graph of references and any order of answers."""

from hypothesis import given
from hypothesis import strategies as st
from tests.often import often

from fhircase.exchange.order import groups
from fhircase.exchange.schedule import Limits, Piece, Schedule
from fhircase.ledger import RecordKey


def key(number):
    return RecordKey("case", "https://h.example", f"C-{number}")


def piece(numbers, needs=(), locks=(), *, entries=1, size=10, alone=False):
    return Piece(
        tuple(numbers), frozenset(map(key, numbers)), frozenset(map(key, needs)), frozenset(locks), entries, size, alone
    )


def bundle(schedule, entries=10, size=1000):
    return [number for each in schedule.take(Limits(entries, size)) for number in each.items]


def test_what_has_nothing_to_do_with_each_other_fills_a_bundle_and_the_rest_goes_with_the_next():
    schedule = Schedule()
    schedule.add([piece([number]) for number in range(5)])
    assert [bundle(schedule, entries=2) for _ in range(4)] == [[0, 1], [2, 3], [4], []]


def test_a_record_goes_with_those_it_refers_to_or_waits_for_them():
    schedule = Schedule()
    schedule.add([piece([0]), piece([1], needs=[0]), piece([2], needs=[1]), piece([3])])
    taken = schedule.take(Limits(2, 1000))
    assert [each.items for each in taken] == [(0,), (1,)]
    assert bundle(schedule) == [3]
    schedule.done(taken)
    assert bundle(schedule) == [2]


def test_what_writes_the_same_resource_is_never_under_way_twice():
    schedule = Schedule()
    schedule.add([piece([0], locks=["Goal/1"]), piece([1], locks=["Goal/1"]), piece([2])])
    taken = schedule.take(Limits(1, 1000))
    assert bundle(schedule) == [2]
    schedule.done(taken)
    assert bundle(schedule) == [1]


def test_a_bundle_keeps_to_its_bytes_and_a_piece_beyond_them_goes_by_itself():
    schedule = Schedule()
    schedule.add([piece([0], size=60), piece([1], size=60), piece([2], size=500), piece([3])])
    assert [bundle(schedule, size=100) for _ in range(4)] == [[0], [1], [2], [3]]


def test_what_is_left_of_a_refused_bundle_goes_first_and_alone():
    schedule = Schedule()
    schedule.add([piece([number]) for number in range(4)])
    taken = schedule.take(Limits(2, 1000))
    schedule.done(taken, [piece([0], alone=True), piece([1], alone=True)])
    assert [bundle(schedule) for _ in range(3)] == [[0], [1], [2, 3]]


graphs = st.dictionaries(st.integers(0, 12), st.sets(st.integers(0, 12), max_size=3), min_size=1)


@often(200)
@given(graphs, st.data())
def test_whatever_comes_back_first_everything_goes_out_once_and_after_what_it_refers_to(links, data):
    schedule, sent, flying = Schedule(), [], []
    locks = {number: data.draw(st.sets(st.sampled_from("ab"), max_size=1)) for number in links}
    for group in groups(links):
        needs = {other for number in group for other in links[number]}
        schedule.add([piece(group, needs, {lock for number in group for lock in locks[number]}, entries=len(group))])
    limits = Limits(data.draw(st.integers(1, 4)), 1000)
    while schedule.unfinished:
        if len(flying) < 3 and (taken := schedule.take(limits)):
            inside = {number for each in taken for number in each.items}
            assert len(inside) <= limits.entries or len(taken) == 1
            for number in inside:
                assert links[number] & links.keys() <= inside | set(sent)
                assert not any(locks[number] & locks[other] for each in flying for p in each for other in p.items)
            flying.append(taken)
        else:
            done = flying.pop(data.draw(st.integers(0, len(flying) - 1)))
            schedule.done(done)
            sent += [number for each in done for number in each.items]
    assert sorted(sent) == sorted(links)
