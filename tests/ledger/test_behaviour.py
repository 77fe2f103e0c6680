"""What any ledger must do. A store passes all of this, or it is not one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from fhircase.errors import InvalidInput, LedgerError, Problem
from fhircase.ledger import (
    Braked,
    Change,
    Claim,
    Conflict,
    Ledger,
    Local,
    Missing,
    Outcome,
    Record,
    RecordKey,
    Remap,
    Resource,
    State,
    Traffic,
    UnknownCode,
    Unread,
    Verdict,
    open_ledger,
)

NOW = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)
SOON = NOW + timedelta(minutes=1)
LATER = NOW + timedelta(hours=1)
LEASE = timedelta(minutes=5)
ONE, TWO, THREE = (RecordKey("thing", "https://a.example", value) for value in "123")
TASK = Resource("north", ONE, "task", "Task/12", 'W/"7"', b'{"n":72.50}', "digest")


def wished(book: Ledger, *keys: RecordKey, server: str = "north", now: datetime = NOW) -> None:
    for key in keys:
        book.keep(key, b"{}", now=now)
    book.wish(server, keys, now=now)


def take(
    book: Ledger, server: str = "north", *, now: datetime = NOW, limit: int = 10, owner: str = "me"
) -> list[Claim]:
    return book.claim(server, owner=owner, limit=limit, lease=LEASE, now=now)


def _head(book: Ledger) -> tuple[str, dict[str, Any]]:
    return next(iter(list(book.dump())))


def _record(value: str) -> dict[str, Any]:
    names = ("kind", "namespace", "value", "current", "revision", "updated")
    return dict(zip(names, ("thing", "https://a.example", value, "{}", 1, "2026-01-01"), strict=True))


def state(book: Ledger, key: RecordKey = ONE, server: str = "north") -> State:
    return book.deliveries(server, [key])[key].state


class TestRecords:
    def test_a_kept_record_comes_back_byte_for_byte(self, book: Ledger) -> None:
        local = Local('{"b" : 1.0, "ä": "\x00"}'.encode(), "sha")
        assert book.keep(ONE, b'{"a":72.50}', now=NOW, local=local) == 1
        assert book.records([ONE, TWO]) == {ONE: Record(ONE, b'{"a":72.50}', 1, local)}

    def test_the_revision_grows_only_when_what_should_be_seen_changes(self, book: Ledger) -> None:
        assert book.keep(ONE, b"1", now=NOW) == 1
        assert book.keep(ONE, b"1", now=NOW, local=Local(b"0", "d")) == 1
        assert book.keep(ONE, b"2", now=NOW) == 2

    def test_news_from_a_server_leaves_the_local_base_alone(self, book: Ledger) -> None:
        local = Local(b"1", "d")
        book.keep(ONE, b"1", now=NOW, local=local)
        book.keep(ONE, b"2", now=NOW)
        assert book.records([ONE])[ONE].local == local

    def test_two_namespaces_with_the_same_value_are_two_records(self, book: Ledger) -> None:
        other = ONE._replace(namespace="https://b.example")
        book.keep(ONE, b"1", now=NOW)
        book.keep(other, b"2", now=NOW)
        assert [record.current for record in book.records([ONE, other]).values()] == [b"1", b"2"]

    def test_digests_are_there_only_for_what_the_local_system_gave(self, book: Ledger) -> None:
        book.keep(ONE, b"1", now=NOW, local=Local(b"1", "d"))
        book.keep(TWO, b"1", now=NOW)
        assert book.digests([ONE, TWO, THREE]) == {ONE: "d"}

    def test_what_is_agreed_is_known_by_its_digest_until_anything_is_owed_again(self, book: Ledger) -> None:
        for key, digest in ((ONE, "d1"), (TWO, "d2"), (THREE, "d3")):
            book.keep(key, b"1", now=NOW, local=Local(b"1", digest))
        book.wish("north", [ONE, TWO], now=NOW)
        every = ["d1", "d2", "d3", "d4"]
        assert book.agreed("north", every) == set()
        for claim in book.claim("north", owner="me", limit=9, lease=timedelta(minutes=1), now=NOW):
            book.settle(claim, Verdict.accepted(), now=NOW)
        assert book.agreed("north", every) == {"d1", "d2"}
        assert book.agreed("south", every) == set()
        book.keep(ONE, b"2", now=NOW)
        assert book.agreed("north", every) == {"d2"}

    def test_a_scan_sees_every_record_once_also_when_there_are_many(self, book: Ledger) -> None:
        keys = [RecordKey("many", "n", str(number)) for number in range(1203)]
        with book.unit():
            for key in [*keys, ONE]:
                book.keep(key, b"", now=NOW)
        assert [record.key for record in book.scan()] == [*keys, ONE]
        assert [record.key for record in book.scan("thing")] == [ONE]

    def test_a_record_that_is_not_there_cannot_be_owed(self, book: Ledger) -> None:
        with pytest.raises(LedgerError, match="holds no thing 1"):
            book.wish("north", [ONE], now=NOW)


class TestResources:
    def test_what_was_agreed_comes_back_with_its_etag_and_mapping(self, book: Ledger) -> None:
        goal = Resource("north", ONE, "goal:g1", "Goal/3", linked=True)
        book.keep(ONE, b"", now=NOW)
        book.keep_resources([TASK, goal], now=NOW)
        assert book.resources("north", [ONE, TWO]) == {ONE: (goal, TASK)}
        assert book.resources("south", [ONE]) == {}

    def test_a_shared_resource_keeps_a_base_for_each_record(self, book: Ledger) -> None:
        book.keep(ONE, b"", now=NOW)
        book.keep(TWO, b"", now=NOW)
        theirs = replace(TASK, key=TWO, agreed=b"older", etag="0")
        book.keep_resources([TASK, theirs], now=NOW)
        assert book.holders("north", ["Task/12", "Task/13"]) == {"Task/12": (TASK, theirs)}

    def test_a_reference_stands_for_the_records_whose_own_resource_it_is(self, book: Ledger) -> None:
        patient = Resource("north", ONE, "patient", "Patient/1", linked=True)
        goal = Resource("north", ONE, "goal:g1", "Goal/3")
        book.keep(ONE, b"", now=NOW)
        book.keep(TWO, b"", now=NOW)
        book.keep_resources([replace(TASK, key=TWO), TASK, patient, goal], now=NOW)
        named = [TASK.reference, "Patient/1", "Goal/3", "Task/99", TASK.reference]
        assert book.meant("north", named) == {TASK.reference: (ONE, TWO)}
        assert book.meant("south", named) == {}

    def test_keeping_again_replaces_and_dropping_forgets(self, book: Ledger) -> None:
        book.keep(ONE, b"", now=NOW)
        book.keep_resources([TASK], now=NOW)
        book.keep_resources([replace(TASK, reference="Task/99")], now=NOW)
        assert list(book.holders("north", ["Task/12", "Task/99"])) == ["Task/99"]
        book.drop_resource("north", ONE, "task")
        assert book.resources("north", [ONE]) == {}


class TestHeld:
    def test_what_a_server_holds_of_ours_comes_in_the_order_of_references_each_once(self, book: Ledger) -> None:
        for key in (ONE, TWO):
            book.keep(key, b"", now=NOW)
            book.keep_resources([replace(TASK, key=key), replace(TASK, key=key, role="b", reference="Goal/1")], now=NOW)
        theirs = replace(TASK, role="patient", reference="Patient/1", linked=True)
        book.keep_resources([theirs, replace(TASK, server="south", reference="Task/99")], now=NOW)
        assert book.held("north", limit=10) == ["Goal/1", "Task/12"]
        assert book.held("north", "Goal/1", limit=1) == ["Task/12"]
        assert book.held("north", "Task/12", limit=1) == []


class TestOwing:
    def test_ten_edits_are_one_debt(self, book: Ledger) -> None:
        for number in range(10):
            book.keep(ONE, b"%d" % number, now=NOW)
            assert book.wish("north", [ONE], now=NOW) == 1
        [claim] = take(book)
        assert (claim.record.current, claim.record.revision) == (b"9", 10)

    def test_wishing_what_is_agreed_already_owes_nothing(self, book: Ledger) -> None:
        wished(book, ONE)
        book.settle(take(book)[0], Verdict.accepted(), now=NOW)
        assert book.wish("north", [ONE], now=LATER) == 0
        assert state(book) is State.AGREED

    @pytest.mark.parametrize("verdict", [Verdict.refused("no"), Verdict.held("who?")])
    def test_wishing_the_same_again_does_not_wake_what_waits_for_somebody(self, book: Ledger, verdict: Verdict) -> None:
        wished(book, ONE)
        book.settle(take(book)[0], verdict, now=NOW)
        before = book.deliveries("north", [ONE])
        assert book.wish("north", [ONE], now=LATER) == 0
        assert book.deliveries("north", [ONE]) == before

    def test_an_edit_gives_what_was_refused_another_chance(self, book: Ledger) -> None:
        wished(book, ONE)
        book.settle(take(book)[0], Verdict.refused("no"), now=NOW)
        book.keep(ONE, b"new", now=NOW)
        book.wish("north", [ONE], now=LATER)
        delivery = book.deliveries("north", [ONE])[ONE]
        assert (delivery.state, delivery.reason, delivery.attempts) == (State.OWED, "", 0)

    def test_what_is_held_stays_held_until_released(self, book: Ledger) -> None:
        wished(book, ONE)
        book.settle(take(book)[0], Verdict.held("no such person there", code="no-match"), now=NOW)
        book.keep(ONE, b"new", now=NOW)
        assert book.wish("north", [ONE], now=NOW) == 1
        assert take(book) == []
        [delivery] = book.in_state(State.HELD, server="north")
        assert (delivery.code, delivery.reason) == ("no-match", "no such person there")
        assert book.release("north", [ONE, TWO], now=NOW) == 1
        [claim] = take(book)
        assert claim.record.current == b"new"

    def test_what_was_pulled_is_agreed_and_not_owed_back(self, book: Ledger) -> None:
        book.keep(ONE, b"theirs", now=NOW)
        book.pulled("north", [ONE], now=NOW)
        assert state(book) is State.AGREED
        assert book.wish("north", [ONE], now=NOW) == 0
        assert book.wish("south", [ONE], now=NOW) == 1

    def test_news_does_not_forget_what_is_still_owed(self, book: Ledger) -> None:
        wished(book, ONE)
        book.keep(ONE, b"merged", now=NOW)
        book.pulled("north", [ONE], now=NOW)
        assert state(book) is State.OWED

    def test_news_makes_what_was_refused_be_looked_at_again(self, book: Ledger) -> None:
        wished(book, ONE)
        book.park("north", ONE, Verdict.refused("both"), now=NOW)
        book.pulled("north", [ONE], now=NOW)
        assert state(book) is State.OWED

    def test_servers_do_not_see_each_others_debts(self, book: Ledger) -> None:
        wished(book, ONE)
        wished(book, ONE, server="south")
        [claim] = take(book)
        book.settle(claim, Verdict.refused("no"), now=NOW)
        assert state(book, server="south") is State.OWED

    def test_agreed_can_be_looked_at_again_on_demand(self, book: Ledger) -> None:
        book.keep(ONE, b"", now=NOW)
        book.pulled("north", [ONE], now=NOW)
        assert book.release("north", [ONE], now=NOW) == 1
        assert len(take(book)) == 1


class TestParking:
    def test_a_record_can_be_held_before_anything_is_sent(self, book: Ledger) -> None:
        book.keep(ONE, b"", now=NOW)
        problem = Problem("two matches", "client.identifiers", "one match", "merge them", "f.ndjson:3")
        assert book.park("north", ONE, Verdict.held("two", code="brake", problems=(problem,)), now=NOW)
        assert book.deliveries("north", [ONE])[ONE].problems == (problem,)
        assert book.wish("north", [ONE], now=NOW) == 0

    def test_nobody_parks_what_somebody_else_is_sending(self, book: Ledger) -> None:
        wished(book, ONE)
        take(book)
        assert not book.park("north", ONE, Verdict.held("stop"), now=NOW)
        assert state(book) is State.SENDING


class TestClaiming:
    def test_a_claim_brings_the_record_as_it_is(self, book: Ledger) -> None:
        wished(book, ONE)
        [claim] = take(book)
        assert claim.record == book.records([ONE])[ONE]
        assert (claim.key, claim.attempts, claim.unsure) == (ONE, 1, False)

    def test_nobody_else_gets_what_is_claimed(self, book: Ledger) -> None:
        wished(book, ONE, TWO)
        assert [claim.key for claim in take(book, limit=1)] == [ONE]
        assert [claim.key for claim in take(book, owner="you")] == [TWO]
        assert take(book) == []
        assert book.owners() == {"me", "you"}

    def test_the_oldest_debt_is_paid_first(self, book: Ledger) -> None:
        wished(book, TWO, now=NOW)
        wished(book, ONE, now=SOON)
        wished(book, THREE, now=NOW - LEASE)
        assert [claim.key for claim in take(book, now=LATER)] == [THREE, TWO, ONE]

    def test_an_edit_does_not_lose_its_place_in_the_queue(self, book: Ledger) -> None:
        wished(book, ONE, now=NOW)
        wished(book, TWO, now=SOON)
        book.keep(ONE, b"newer", now=LATER)
        book.wish("north", [ONE], now=LATER)
        assert [claim.key for claim in take(book, now=LATER)] == [ONE, TWO]

    def test_only_those_named_are_claimed_and_only_if_due(self, book: Ledger) -> None:
        wished(book, ONE, TWO)
        book.park("north", TWO, Verdict.held("no"), now=NOW)
        claims = book.claim("north", owner="me", limit=9, lease=LEASE, now=NOW, only=[TWO, THREE, ONE])
        assert [claim.key for claim in claims] == [ONE]

    def test_due_shows_without_claiming(self, book: Ledger) -> None:
        wished(book, ONE, TWO)
        assert [delivery.key for delivery in book.due("north", now=NOW, limit=1)] == [ONE]
        assert len(take(book)) == 2


class TestSettling:
    def test_accepting_keeps_what_was_agreed(self, book: Ledger) -> None:
        wished(book, ONE)
        assert book.settle(take(book)[0], Verdict.accepted(), now=NOW, resources=[TASK])
        assert book.resources("north", [ONE]) == {ONE: (TASK,)}
        delivery = book.deliveries("north", [ONE])[ONE]
        assert (delivery.state, delivery.attempts, delivery.owner) == (State.AGREED, 0, None)

    def test_what_the_server_made_of_it_is_agreed_with_it_but_not_what_came_after(self, book: Ledger) -> None:
        wished(book, ONE, TWO)
        for claim in take(book):
            revision = book.keep(claim.key, b"with the server's words", now=NOW)
            if claim.key == TWO:
                book.wish("north", [TWO], now=NOW)
                book.keep(TWO, b"edited meanwhile", now=NOW)
                book.wish("north", [TWO], now=NOW)
            book.settle(claim, Verdict.accepted(revision), now=NOW)
        states = {key: delivery.state for key, delivery in book.deliveries("north", [ONE, TWO]).items()}
        assert states == {ONE: State.AGREED, TWO: State.OWED}

    @pytest.mark.parametrize("verdict", [Verdict.accepted(), Verdict.refused("no"), Verdict.held("no")])
    def test_an_edit_during_the_send_stays_owed(self, book: Ledger, verdict: Verdict) -> None:
        wished(book, ONE)
        [claim] = take(book)
        book.keep(ONE, b"newer", now=NOW)
        assert book.wish("north", [ONE], now=NOW) == 1
        assert state(book) is State.SENDING
        assert book.settle(claim, verdict, now=NOW)
        [claim] = take(book)
        assert claim.record.current == b"newer"

    def test_an_edit_nobody_wished_yet_is_sent_with_the_claim_and_not_twice(self, book: Ledger) -> None:
        wished(book, ONE)
        book.keep(ONE, b"newer", now=NOW)
        [claim] = take(book)
        assert claim.record.current == b"newer"
        assert book.wish("north", [ONE], now=NOW) == 0
        book.settle(claim, Verdict.accepted(), now=NOW)
        assert state(book) is State.AGREED

    def test_put_off_means_not_before_then(self, book: Ledger) -> None:
        wished(book, ONE)
        book.settle(take(book)[0], Verdict.later(LATER, "busy", code="503"), now=NOW)
        assert take(book, now=SOON) == []
        assert book.claim("north", owner="me", limit=1, lease=LEASE, now=SOON, only=[ONE]) == []
        [claim] = take(book, now=LATER)
        assert claim.attempts == 2

    def test_a_snooze_is_not_an_attempt(self, book: Ledger) -> None:
        wished(book, ONE)
        book.settle(take(book)[0], Verdict.later(NOW, counts=False), now=NOW)
        assert take(book)[0].attempts == 1

    def test_an_edit_does_not_hurry_a_server_that_asked_for_time(self, book: Ledger) -> None:
        wished(book, ONE)
        [claim] = take(book)
        book.keep(ONE, b"newer", now=NOW)
        book.wish("north", [ONE], now=NOW)
        book.settle(claim, Verdict.later(LATER, counts=False), now=NOW)
        assert take(book, now=SOON) == []

    def test_doubt_stays_until_a_write_is_accepted(self, book: Ledger) -> None:
        wished(book, ONE)
        book.settle(take(book)[0], Verdict.later(NOW, unsure=True), now=NOW)
        [claim] = take(book)
        assert claim.unsure
        book.settle(claim, Verdict.later(NOW), now=NOW)
        [claim] = take(book)
        assert claim.unsure
        book.settle(claim, Verdict.accepted(), now=NOW)
        book.keep(ONE, b"newer", now=NOW)
        book.wish("north", [ONE], now=NOW)
        assert not take(book)[0].unsure

    def test_a_doubt_that_comes_with_a_refusal_stays_though_a_newer_wish_overtook_it(self, book: Ledger) -> None:
        wished(book, ONE)
        [claim] = take(book)
        book.keep(ONE, b"newer", now=NOW)
        book.wish("north", [ONE], now=NOW)
        book.settle(claim, replace(Verdict.refused("no"), unsure=True), now=NOW)
        assert take(book)[0].unsure

    def test_settling_twice_is_refused(self, book: Ledger) -> None:
        wished(book, ONE)
        [claim] = take(book)
        assert book.settle(claim, Verdict.accepted(), now=NOW)
        assert not book.settle(claim, Verdict.refused("no"), now=NOW, resources=[TASK])
        assert state(book) is State.AGREED
        assert book.resources("north", [ONE]) == {}


class TestLeases:
    def test_a_dead_workers_records_come_back_in_doubt(self, book: Ledger) -> None:
        wished(book, ONE)
        take(book)
        assert book.rescue(now=NOW + LEASE - timedelta(seconds=1)) == 0
        assert book.rescue(now=NOW + LEASE) == 1
        [claim] = take(book, now=LATER)
        assert (claim.unsure, claim.attempts) == (True, 2)

    def test_an_owner_known_to_be_dead_need_not_be_waited_for(self, book: Ledger) -> None:
        wished(book, ONE, TWO)
        take(book, limit=1, owner="dead")
        take(book, limit=1, owner="alive")
        assert book.rescue(now=NOW, dead=["dead"]) == 1
        assert (state(book, ONE), state(book, TWO)) == (State.OWED, State.SENDING)

    def test_a_lost_claim_settles_nothing_even_for_the_same_owner(self, book: Ledger) -> None:
        wished(book, ONE)
        [lost] = take(book)
        book.rescue(now=LATER)
        assert not book.settle(lost, Verdict.accepted(), now=LATER, resources=[TASK])
        [mine] = take(book, now=LATER)
        assert not book.settle(lost, Verdict.accepted(), now=LATER, resources=[TASK])
        assert book.resources("north", [ONE]) == {}
        assert book.settle(mine, Verdict.accepted(), now=LATER)

    def test_a_late_answer_still_counts_while_nobody_took_over(self, book: Ledger) -> None:
        wished(book, ONE)
        [claim] = take(book)
        assert book.settle(claim, Verdict.accepted(), now=LATER)

    def test_a_renewed_lease_is_not_rescued(self, book: Ledger) -> None:
        wished(book, ONE, TWO)
        claims = take(book)
        book.settle(claims[1], Verdict.accepted(), now=NOW)
        assert book.renew(claims, lease=LEASE, now=SOON) == 1
        assert book.rescue(now=NOW + LEASE) == 0
        assert book.rescue(now=SOON + LEASE) == 1


class TestStatus:
    def test_it_counts_records_and_what_is_being_sent_is_still_owed(self, book: Ledger) -> None:
        wished(book, ONE, TWO, THREE)
        book.settle(take(book, limit=1)[0], Verdict.accepted(), now=NOW)
        take(book, limit=1)
        wished(book, ONE, server="south")
        book.park("south", ONE, Verdict.held("who?"), now=NOW)
        none = {"owed": 0, "agreed": 0, "refused": 0, "held": 0, "conflicts": 0}
        assert book.status() == {"servers": {"north": none | {"owed": 2, "agreed": 1}, "south": none | {"held": 1}}}

    def test_it_says_what_goes_on_with_each_server(self, book: Ledger) -> None:
        wished(book, ONE, TWO, THREE)
        first, second = take(book, limit=2)
        book.settle(first, Verdict.accepted(), now=NOW)
        book.settle(second, Verdict.later(LATER, "no answer", code="unreachable"), now=SOON)
        book.park("south", ONE, Verdict.held("who?", code="no-patient"), now=NOW)
        assert book.traffic(NOW) == {
            "north": Traffic(2, 0, NOW, None, 1, "unreachable", "no answer", SOON),
            "south": Traffic(code="no-patient", reason="who?", when=NOW),
        }
        take(book, limit=1)
        north = book.traffic(SOON)["north"]
        assert (north.owed, north.sending, north.settled, north.due) == (2, 1, 0, LATER)

    def test_an_empty_ledger_knows_no_server(self, book: Ledger) -> None:
        assert book.status() == {"servers": {}}

    def test_a_state_can_be_listed_longest_first(self, book: Ledger) -> None:
        wished(book, ONE, TWO)
        wished(book, ONE, server="south")
        book.park("north", TWO, Verdict.refused("no"), now=NOW)
        book.park("south", ONE, Verdict.refused("no"), now=SOON)
        book.park("north", ONE, Verdict.refused("no"), now=LATER)
        where = [(delivery.server, delivery.key) for delivery in book.in_state(State.REFUSED)]
        assert where == [("north", TWO), ("south", ONE), ("north", ONE)]
        assert len(book.in_state(State.REFUSED, server="north")) == 2
        assert len(book.in_state(State.REFUSED, limit=1)) == 1


class TestMemory:
    def test_a_cursor_is_per_server_and_query(self, book: Ledger) -> None:
        book.move_cursor("north", "Task", "1", now=NOW)
        book.move_cursor("north", "Task", "2", now=NOW)
        assert book.cursor("north", "Task") == "2"
        assert book.cursor("north", "Goal") is None
        assert book.cursor("south", "Task") is None

    def test_a_fact_is_per_server_and_can_be_forgotten(self, book: Ledger) -> None:
        book.keep_fact("north", "paused", "2026", now=NOW)
        book.keep_fact("north", "paused", "2027", now=NOW)
        book.keep_fact("north", "entries", "50", now=NOW)
        assert book.facts("north") == {"entries": "50", "paused": "2027"}
        assert book.facts("south") == {}
        book.drop_fact("north", "paused")
        assert book.facts("north") == {"entries": "50"}

    def test_a_link_leads_both_ways_on_its_server_only(self, book: Ledger) -> None:
        for name in ("mrn|1", "ssn|2"):
            book.link("north", name, "Patient/5", now=NOW)
        assert book.links("north", ["mrn|1", "mrn|9"]) == {"mrn|1": "Patient/5"}
        assert book.named("north", ["Patient/5", "Patient/6"]) == {"Patient/5": ("mrn|1", "ssn|2")}
        assert book.links("south", ["mrn|1"]) == {}

    def test_a_link_can_move_and_be_forgotten(self, book: Ledger) -> None:
        book.link("north", "mrn|1", "Patient/5", now=NOW)
        book.link("north", "mrn|1", "Patient/6", now=NOW)
        assert book.links("north", ["mrn|1"]) == {"mrn|1": "Patient/6"}
        book.unlink("north", ["mrn|1"])
        assert book.links("north", ["mrn|1"]) == {}


class TestFeed:
    def test_news_is_read_on_from_a_position(self, book: Ledger) -> None:
        book.keep(ONE, b"", now=NOW)
        news = [Change(f"c{n}", ONE, 1, NOW, "north", ("status", "größe")) for n in range(3)]
        for change in news:
            assert book.announce(change)
        feed = book.changes()
        assert [replace(change, position=0) for change in feed] == news
        assert book.changes(feed[0].position, limit=1) == feed[1:2]
        assert book.changes(feed[2].position) == []

    def test_the_news_of_one_record_is_read_for_itself(self, book: Ledger) -> None:
        for number, key in enumerate([ONE, TWO, ONE, TWO, ONE]):
            book.keep(key, b"", now=NOW)
            book.announce(Change(f"c{number}", key, 1, NOW, "north", ()))
        feed = book.changes(key=ONE)
        assert [change.id for change in feed] == ["c0", "c2", "c4"]
        assert book.changes(feed[0].position, key=ONE) == feed[1:]
        assert book.changes(feed[0].position, limit=1, key=ONE) == feed[1:2]
        assert book.changes(key=THREE) == []

    def test_the_same_news_is_told_once(self, book: Ledger) -> None:
        book.keep(ONE, b"", now=NOW)
        change = Change("same", ONE, 1, NOW, "north", ())
        assert book.announce(change)
        assert not book.announce(replace(change, revision=2))
        assert [told.revision for told in book.changes()] == [1]

    def test_the_record_as_of_a_change_comes_with_it_until_it_is_let_go_of(self, book: Ledger) -> None:
        book.keep(ONE, b"now", now=NOW)
        for number in range(3):
            book.announce(Change(f"c{number}", ONE, 1, NOW, "north", (), text=b'{"n":72.50}'))
        assert "72.50" not in repr(book.changes())
        last = book.changes()[-1]
        assert book.drop_texts(last.position - 1) == 2
        assert [change.text for change in book.changes()] == [None, None, b'{"n":72.50}']
        assert book.drop_texts(last.position - 1) == 0


class TestAskedTwice:
    def test_what_is_asked_for_twice_is_answered_once(self, book: Ledger) -> None:
        book.keep(ONE, b"{}", now=NOW)
        book.keep_resources([TASK], now=NOW)
        assert book.resources("north", [ONE, ONE]) == {ONE: (TASK,)}
        assert book.holders("north", [TASK.reference, TASK.reference]) == {TASK.reference: (TASK,)}


class TestUnits:
    def test_a_unit_that_fails_leaves_nothing_behind(self, book: Ledger) -> None:
        with pytest.raises(ZeroDivisionError), book.unit():
            wished(book, ONE)
            book.move_cursor("north", "Task", "1", now=NOW)
            raise ZeroDivisionError
        assert book.records([ONE]) == {}
        assert book.cursor("north", "Task") is None

    def test_a_unit_sees_its_own_writes_and_others_only_once_it_is_done(self, book: Ledger, again) -> None:
        other = again()
        with book.unit():
            wished(book, ONE)
            assert book.records([ONE])
            assert other.records([ONE]) == {}
        assert other.records([ONE])

    def test_a_failed_part_cannot_be_swept_under_the_rug(self, book: Ledger) -> None:
        with pytest.raises(LedgerError, match="nothing of it was kept"), book.unit():
            book.keep(ONE, b"", now=NOW)
            with pytest.raises(LedgerError):
                book.wish("north", [ONE, TWO], now=NOW)
        assert book.records([ONE]) == {}
        book.keep(ONE, b"", now=NOW)
        assert book.records([ONE])

    def test_a_part_can_fail_as_a_whole_and_the_unit_goes_on(self, book: Ledger) -> None:
        with book.unit():
            book.keep(ONE, b"one", now=NOW)
            with pytest.raises(LedgerError, match="keep it first"), book.part():
                book.keep(ONE, b"other", now=NOW)
                book.wish("north", [ONE, TWO], now=NOW)
            with book.part():
                book.keep(THREE, b"three", now=NOW)
        assert {key: record.current for key, record in book.records([ONE, TWO, THREE]).items()} == {
            ONE: b"one",
            THREE: b"three",
        }
        assert book.deliveries("north", [ONE]) == {}

    def test_a_piece_that_failed_fails_its_part_even_if_nobody_says_so(self, book: Ledger) -> None:
        with book.unit():
            book.keep(ONE, b"one", now=NOW)
            with pytest.raises(LedgerError, match="nothing of it was kept"), book.part():
                book.keep(THREE, b"three", now=NOW)
                with pytest.raises(LedgerError, match="keep it first"):
                    book.wish("north", [TWO], now=NOW)
        assert book.records([ONE, THREE]).keys() == {ONE}

    def test_a_part_stands_in_a_unit_only(self, book: Ledger) -> None:
        with pytest.raises(LedgerError, match="needs a unit"), book.part():
            book.keep(ONE, b"one", now=NOW)
        assert book.records([ONE]) == {}

    def test_a_lease_of_which_next_to_nothing_has_passed_is_left_as_it_is(self, book: Ledger) -> None:
        wished(book, ONE)
        claims = take(book)
        assert book.renew(claims, lease=LEASE, now=NOW + LEASE / 20) == 1
        assert book.rescue(now=NOW + LEASE) == 1
        assert book.renew(claims, lease=LEASE, now=NOW + LEASE) == 0

    def test_everything_is_still_there_after_opening_again(self, book: Ledger, again) -> None:
        wished(book, ONE)
        book.settle(take(book)[0], Verdict.accepted(), now=NOW, resources=[TASK])
        before = book.deliveries("north", [ONE])
        book.close()
        book.close()
        other = again()
        assert other.deliveries("north", [ONE]) == before
        assert other.resources("north", [ONE]) == {ONE: (TASK,)}


class TestTime:
    def test_moments_are_instants_whatever_their_offset(self, book: Ledger) -> None:
        east = timezone(timedelta(hours=9))
        wished(book, ONE, now=NOW.astimezone(east))
        book.settle(take(book)[0], Verdict.later(LATER.astimezone(east)), now=NOW)
        assert take(book, now=SOON) == []
        assert len(take(book, now=LATER)) == 1

    def test_a_moment_without_offset_is_refused(self, book: Ledger) -> None:
        with pytest.raises(ValueError, match="offset"):
            book.keep(ONE, b"", now=datetime(2026, 1, 1))  # noqa: DTZ001


ODD = UnknownCode("offer-status", "odd", "task.status", 2)
ROUND = UnknownCode("case-status", "round", "eoc.status")


def unread(key: RecordKey, *codes: UnknownCode, server: str = "north", mapping: str = "old") -> Unread:
    return Unread(server, key, mapping, b'[{"n":72.50}]', codes)


class TestUnread:
    def test_what_could_not_be_read_comes_back_byte_for_byte(self, book: Ledger) -> None:
        book.keep_unread(unread(ONE, ODD, ROUND), now=NOW)
        book.keep_unread(unread(TWO), now=NOW)
        book.keep_unread(unread(THREE, server="south"), now=NOW)
        assert book.unread("north") == [unread(ONE, ODD, ROUND), unread(TWO)]
        assert book.unread("south") == [unread(THREE, server="south")]

    def test_a_record_stands_there_once_as_last_seen(self, book: Ledger) -> None:
        book.keep_unread(unread(ONE, ODD), now=NOW)
        newer = Unread("north", ONE, "new", b"[]", (ROUND,))
        book.keep_unread(newer, now=LATER)
        assert book.unread("north") == [newer]
        assert [row.code for row in book.missing()] == ["round"]

    def test_missing_rows_are_counted_with_those_that_wait_and_since_when(self, book: Ledger) -> None:
        many = [RecordKey("many", "n", str(number)) for number in range(5)]
        for number, key in enumerate(many):
            book.keep_unread(unread(key, ODD), now=NOW + timedelta(hours=number))
        book.keep_unread(unread(ONE, ROUND), now=NOW)
        book.keep_unread(unread(ONE, ROUND, server="south"), now=NOW)
        assert book.missing() == [
            Missing("north", "offer-status", "odd", "task.status", 5, 10, NOW, tuple(many[:3])),
            Missing("north", "case-status", "round", "eoc.status", 1, 1, NOW, (ONE,)),
            Missing("south", "case-status", "round", "eoc.status", 1, 1, NOW, (ONE,)),
        ]

    def test_a_code_that_is_met_again_keeps_its_first_moment(self, book: Ledger) -> None:
        book.keep_unread(unread(ONE, ODD), now=NOW)
        book.keep_unread(unread(ONE, replace(ODD, times=3), ROUND), now=LATER)
        assert [(row.code, row.times, row.since) for row in book.missing()] == [("odd", 3, NOW), ("round", 1, LATER)]

    def test_what_is_dropped_waits_for_nothing(self, book: Ledger) -> None:
        book.keep_unread(unread(ONE, ODD), now=NOW)
        book.keep_unread(unread(TWO, ODD), now=NOW)
        book.drop_unread("north", [ONE, THREE])
        assert book.unread("north") == [unread(TWO, ODD)]
        book.drop_unread("north", [TWO])
        assert (book.unread("north"), book.missing()) == ([], [])

    def test_a_unit_that_fails_keeps_none_of_it(self, book: Ledger) -> None:
        with pytest.raises(RuntimeError), book.unit():
            book.keep_unread(unread(ONE, ODD), now=NOW)
            raise RuntimeError
        assert (book.unread("north"), book.missing()) == ([], [])


class TestRemaps:
    def test_the_last_way_back_is_the_one_that_is_kept(self, book: Ledger) -> None:
        for key in (ONE, TWO):
            book.keep(key, b"{}", now=NOW)
        other = Remap("north", TWO, "old", b'{"n":72.50}')
        newer = Remap("north", ONE, "newer", b"3")
        for remap in (Remap("north", ONE, "old", b"1"), other, newer):
            book.keep_remap(remap, now=NOW)
        assert book.remaps("north") == [newer, other]
        assert book.remaps("south") == []
        book.drop_remap("north", ONE)
        assert book.remaps("north") == [other]

    def test_a_record_that_is_not_there_has_no_way_back(self, book: Ledger) -> None:
        with pytest.raises(LedgerError, match="holds no thing 1"):
            book.keep_remap(Remap("north", ONE, "old", b""), now=NOW)


DISPUTE = Conflict("c1", "north", ONE, "title", b'"ours"', b'"theirs"', None, said=NOW, reference="Task/12")


class TestConflicts:
    def test_a_conflict_comes_back_as_it_was_found(self, book: Ledger) -> None:
        wished(book, ONE)
        assert book.keep_conflict(DISPUTE, now=NOW)
        assert book.conflicts() == [replace(DISPUTE, since=NOW)]
        assert book.conflict("c1") == replace(DISPUTE, since=NOW)
        assert book.conflict("c2") is None

    def test_finding_it_again_changes_nothing(self, book: Ledger) -> None:
        wished(book, ONE)
        book.keep_conflict(DISPUTE, now=NOW)
        assert not book.keep_conflict(DISPUTE, now=LATER)
        assert book.conflicts() == [replace(DISPUTE, since=NOW)]

    def test_they_are_listed_by_server_and_record_oldest_first(self, book: Ledger) -> None:
        wished(book, ONE, TWO)
        book.keep_conflict(DISPUTE, now=LATER)
        book.keep_conflict(replace(DISPUTE, id="c2", key=TWO), now=NOW)
        book.keep_conflict(replace(DISPUTE, id="c3", server="south"), now=SOON)
        listed = {
            "all": book.conflicts(),
            "north": book.conflicts("north"),
            "one": book.conflicts(keys=[ONE]),
            "here": book.conflicts("north", [ONE]),
            "none": book.conflicts("north", [THREE]),
        }
        assert {name: [each.id for each in found] for name, found in listed.items()} == {
            "all": ["c2", "c3", "c1"],
            "north": ["c2", "c1"],
            "one": ["c3", "c1"],
            "here": ["c1"],
            "none": [],
        }

    @pytest.mark.parametrize("outcome", list(Outcome))
    def test_one_that_ended_says_how_and_keeps_no_value(self, book: Ledger, outcome: Outcome) -> None:
        wished(book, ONE)
        book.keep_conflict(DISPUTE, now=NOW)
        assert book.end_conflict("c1", outcome, now=LATER)
        assert not book.end_conflict("c1", Outcome.OURS, now=LATER)
        ended = replace(DISPUTE, ours=None, theirs=None, since=NOW, outcome=outcome, ended=LATER)
        assert (book.conflicts(), book.conflict("c1")) == ([], ended)

    def test_one_that_ended_can_be_found_again(self, book: Ledger) -> None:
        wished(book, ONE)
        book.keep_conflict(DISPUTE, now=NOW)
        book.end_conflict("c1", Outcome.THEIRS, now=SOON)
        assert book.keep_conflict(DISPUTE, now=LATER)
        assert book.conflicts() == [replace(DISPUTE, since=LATER)]

    def test_the_status_counts_those_that_are_open(self, book: Ledger) -> None:
        wished(book, ONE)
        book.keep_conflict(DISPUTE, now=NOW)
        book.keep_conflict(replace(DISPUTE, id="c2", path="x"), now=NOW)
        book.end_conflict("c2", Outcome.OURS, now=NOW)
        assert book.status()["servers"]["north"] == {"owed": 1, "agreed": 0, "refused": 0, "held": 0, "conflicts": 1}

    def test_one_that_is_about_no_record_is_not_kept(self, book: Ledger) -> None:
        with pytest.raises(LedgerError, match="keep it first"):
            book.keep_conflict(DISPUTE, now=NOW)


class TestWhatWaitsForAPerson:
    def test_it_comes_back_in_order_and_a_newer_one_takes_the_place_of_the_same_record(self, book: Ledger) -> None:
        first, second = Braked("north", TWO, b"2", "d2", "b"), Braked("north", ONE, b"1", "d1")
        book.put_by([first, second], now=NOW)
        newer = replace(first, text=b"22", seen="d22")
        book.put_by([newer], now=SOON)
        assert list(book.put_by_for("north")) == [newer, second]
        assert list(book.put_by_for("north", [ONE, THREE])) == [second]
        assert list(book.put_by_for("south")) == []

    def test_it_is_counted_and_dropped_by_server_and_record(self, book: Ledger) -> None:
        book.put_by([Braked(server, key, b"", "") for server in ("north", "south") for key in (ONE, TWO)], now=NOW)
        assert book.drop_put_by("north", [ONE, THREE]) == 1
        assert book.count_put_by() == {"north": 1, "south": 2}
        assert book.drop_put_by("south") == 2
        assert book.count_put_by() == {"north": 1}

    def test_many_come_a_page_at_a_time_also_while_they_are_dropped(self, book: Ledger) -> None:
        keys = [RecordKey("thing", "n", str(number)) for number in range(1203)]
        book.put_by([Braked("north", key, b"", "") for key in keys], now=NOW)
        seen = []
        for item in book.put_by_for("north"):
            seen.append(item.key)
            book.drop_put_by("north", [item.key])
        assert seen == keys

    def test_records_are_counted_by_kind_and_revisions_told(self, book: Ledger) -> None:
        wished(book, ONE, TWO, RecordKey("other", "n", "1"))
        book.keep(ONE, b"2", now=NOW)
        assert book.counts() == {"thing": 2, "other": 1}
        assert book.revisions([ONE, TWO, THREE]) == {ONE: 2, TWO: 1}

    def test_those_that_the_local_system_gave_itself_are_counted_apart(self, book: Ledger) -> None:
        for key, local in ((ONE, Local(b"1", "d")), (TWO, Local(b"1", "")), (THREE, None)):
            book.keep(key, b"1", now=NOW, local=local)
        assert (book.counts(given=True), book.counts()) == ({"thing": 1}, {"thing": 3})


class TestTheLedgerAsAWhole:
    def test_everything_in_it_is_told_row_by_row(self, book: Ledger) -> None:
        wished(book, ONE)
        book.keep_resources([TASK], now=NOW)
        rows = list(book.dump())
        [resource] = [row for table, row in rows if table == "resources"]
        assert (resource["reference"], resource["agreed"]) == ("Task/12", b'{"n":72.50}')
        assert {table for table, _ in rows} == {"ledger", "records", "resources", "deliveries"}

    def test_all_rows_of_a_ledger_make_another_that_is_the_same(self, book: Ledger, tmp_path: Path) -> None:
        with open_ledger(tmp_path / "another") as another:
            wished(another, ONE, TWO)
            [claim, _] = take(another)
            another.settle(claim, Verdict.accepted(), now=NOW, resources=[TASK])
            another.announce(Change("c1", ONE, 1, NOW, "north", ("x",), text=b"\xff"))
            another.announce(Change("c2", TWO, 1, NOW, "north", ("x",)))
            another.forget([TWO])
            another.keep_unread(Unread("north", TWO, "m", b"[]", (UnknownCode("t", "c", "p"),)), now=NOW)
            assert book.load(another.dump()) == 6
            assert list(book.dump()) == list(another.dump())
        assert book.resources("north", [ONE])[ONE] == (TASK,)
        assert book.announce(Change("c3", ONE, 1, NOW, "north", ("x",)))
        assert [change.position for change in book.changes()] == [1, 3], "2 may have been acknowledged"

    def test_text_stands_for_bytes_where_rows_come_in(self, book: Ledger) -> None:
        book.load([_head(book), ("records", _record("1"))])
        assert book.records([ONE])[ONE].current == b"{}"

    @pytest.mark.parametrize(
        ("rows", "why"),
        [
            ([("records", {"value": "2"})], "@ records"),
            ([("records", {"surplus": 1})], "no such column @ records.surplus"),
            ([("things", {})], "no such table @ things"),
            ([("records", {"id": [1]})], "a value is of a wrong type @ records"),
        ],
    )
    def test_of_rows_that_do_not_fit_nothing_is_taken(self, book: Ledger, rows: list[Any], why: str) -> None:
        with pytest.raises(InvalidInput, match=why):
            book.load([_head(book), ("records", _record("1")), *rows])
        assert book.counts() == {}

    @pytest.mark.parametrize(("more", "why"), [(1, "written by a newer fhircase"), (-1, "export it again")])
    def test_rows_of_another_version_are_refused(self, book: Ledger, more: int, why: str) -> None:
        table, head = _head(book)
        with pytest.raises(InvalidInput, match=why):
            book.load([(table, {**head, "version": head["version"] + more})])
        with pytest.raises(InvalidInput, match="not how a ledger's export begins"):
            book.load([("records", _record("1"))])

    def test_a_ledger_with_anything_in_it_takes_no_rows(self, book: Ledger) -> None:
        book.keep_fact("north", "f", "1", now=NOW)
        with pytest.raises(LedgerError, match="the ledger is not empty"):
            book.load([_head(book)])

    def test_a_ledger_in_order_has_no_damage(self, book: Ledger) -> None:
        wished(book, ONE, TWO)
        assert book.damage() == []

    def test_in_doubt_everything_is_to_be_looked_up_and_old_claims_are_void(self, book: Ledger) -> None:
        wished(book, ONE, TWO)
        wished(book, ONE, server="south")
        claim, _ = take(book)
        book.settle(claim, Verdict.accepted(), now=NOW)
        assert book.doubt(now=SOON) == 3
        assert all(each.unsure for each in book.deliveries("north", [ONE, TWO]).values())
        assert {"restored"} == book.facts("north").keys() == book.facts("south").keys()

    def test_idle_is_what_is_agreed_everywhere_and_long_untouched(self, book: Ledger) -> None:
        wished(book, ONE, TWO, THREE)
        for claim in take(book):
            if claim.key != TWO:
                book.settle(claim, Verdict.accepted(), now=NOW)
        book.keep(THREE, b"later", now=LATER)
        assert list(book.idle(LATER)) == [ONE]
        assert list(book.idle(NOW)) == []

    def test_what_a_record_needs_no_more_is_let_go_of_and_the_record_stays(self, book: Ledger) -> None:
        wished(book, ONE, TWO)
        for key in (ONE, TWO):
            book.announce(Change(f"c{key.value}", key, 1, NOW, "north", ("x",), text=b"{}"))
            book.keep_remap(Remap("north", key, "m", b"{}"), now=NOW)
            book.keep_unread(Unread("north", key, "m", b"[]", (UnknownCode("t", "c", "p"),)), now=NOW)
        assert book.thin([ONE]) == 3
        assert [(change.key, change.text) for change in book.changes()] == [(ONE, None), (TWO, b"{}")]
        assert [each.key for each in (*book.remaps("north"), *book.unread("north"))] == [TWO, TWO]
        assert book.records([ONE])

    def test_a_forgotten_record_is_gone_with_all_that_is_about_it(self, book: Ledger) -> None:
        wished(book, ONE, TWO)
        book.keep_resources([TASK], now=NOW)
        book.announce(Change("c", ONE, 1, NOW, "north", ("x",), text=b"{}"))
        book.keep_unread(Unread("north", ONE, "m", b"[]"), now=NOW)
        book.put_by([Braked("north", ONE, b"", "")], now=NOW)
        assert book.forget([ONE, THREE]) == 3
        assert (list(book.scan()), book.changes(), book.unread("north"), book.count_put_by()) == (
            [book.records([TWO])[TWO]],
            [],
            [],
            {},
        )
        assert (book.resources("north", [ONE]), book.deliveries("north", [ONE]), book.damage()) == ({}, {}, [])
        book.compact()

    def test_one_of_somebodys_digests_is_enough_to_take_all_of_them_back(self, book: Ledger) -> None:
        book.keep_forgotten(["a", "b"], now=NOW)
        book.keep_forgotten(["c"], now=NOW)
        assert book.forgotten() == {"a", "b", "c"}
        assert (book.drop_forgotten("b"), book.drop_forgotten("x")) == (2, 0)
        assert book.forgotten() == {"c"}
