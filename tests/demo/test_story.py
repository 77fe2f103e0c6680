"""What the agency and the hospital of the demonstration do."""

from datetime import UTC, datetime

from fhircase.demo.agency import answered, busiest, ours
from fhircase.demo.caseload import caseload, stories
from fhircase.demo.hospital import followed_up
from fhircase.model import CarePlan, Case, Key, Record, Referral
from fhircase.records.sample import sample
from fhircase.records.sample.chance import Chance

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def story() -> tuple[dict[Key, Record], list[Referral], str]:
    caseload = list(sample(50, seed=1))
    asked = busiest(caseload)
    return {record.key: record for record in caseload if record.key}, answered(caseload, asked, NOW, Chance(1)), asked


def test_the_agency_accepts_declines_starts_and_completes_what_it_is_asked() -> None:
    known, answers, asked = story()
    statuses = set()
    for answer in answers:
        before = known[answer.key]
        assert isinstance(before, Referral)
        for old, new in zip(before.offers, answer.offers, strict=True):
            if old != new:
                statuses.add(new.status)
                assert ours(new, asked)
                assert new.history[-1].status == new.status
                assert new.history[: len(old.history)] == old.history
                assert (new.status == "completed") == (len(new.outcomes) > len(old.outcomes))
    assert statuses == {"accepted", "declined", "in-progress", "completed"}


def test_the_answers_do_not_depend_on_the_order_in_which_the_server_gives_them() -> None:
    known, answers, asked = story()
    assert answered(list(known.values())[::-1], asked, NOW, Chance(1)) == answers


def test_the_hospital_closes_what_is_done_and_asks_the_next_agency_after_a_decline() -> None:
    known, answers, _ = story()
    known.update({answer.key: answer for answer in answers})
    changed = {record.key: record for record in followed_up(known, answers, NOW)}
    closed = [each for each in changed.values() if isinstance(each, Referral) and each.status == "completed"]
    asked_again = [each for each in changed.values() if isinstance(each, Referral) and each.status == "sent"]
    assert closed
    assert asked_again
    assert all(each.offers[-1].status == "sent" for each in asked_again)
    for referral in closed:
        assert referral.plan
        assert referral.plan.record
        assert isinstance(changed[referral.plan.record], CarePlan)
    assert any(isinstance(record, Case) for record in changed.values())


def test_the_caseload_begins_with_the_stories_of_the_fixtures_and_has_as_many_clients_as_asked_for() -> None:
    told = [len(story) for story in stories()]
    assert told == [4, 4, 4]
    for count in (1, 3, 10):
        records = caseload(count, seed=1)
        assert sum(isinstance(record, Case) for record in records) == count
        assert len({record.key for record in records}) == len(records)
