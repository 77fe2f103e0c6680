"""Many records handed over take no more memory than their texts."""

from datetime import UTC, datetime

import pytest
from tests.world import World, lines

from fhircase.ledger import Change, RecordKey
from fhircase.worker.handover import Handover
from fhircase.worker.news import ask
from fhircase.worker.station import silent
from fhircase.worker.texts import text_of


@pytest.fixture
def told(tmp_path):
    records = World("http://nowhere.example/fhir", tmp_path, "https://h.example").caseload(2)
    keys = [RecordKey(each.key.kind, each.key.namespace, each.key.value) for each in records]
    changes = [Change(key.value, key, 1, datetime(2026, 1, 1, tzinfo=UTC), "ehr", ("*",)) for key in keys]
    return [*zip(changes, records, strict=True)]


def test_it_is_what_a_sequence_of_changes_and_records_is(told):
    handed = Handover((change, text_of(record)) for change, record in told)
    assert [*handed] == told
    assert tuple(told) == handed
    assert (handed[-1], handed[1:3], len(handed)) == (told[-1], told[1:3], len(told))
    assert handed != told[1:]
    assert Handover() == ()


def test_a_record_is_read_when_it_is_looked_at(told):
    handed = Handover((change, b"no record") for change, _ in told)
    assert [*handed.heads()] == [change for change, _ in told]
    with pytest.raises(ValueError, match="JSON"):
        handed[0]


def test_of_what_is_known_a_pull_keeps_references_only(world):
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines(world.caseload(1)))
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="news")
    news = ask(hospital._station(), silent)
    plan = f"CarePlan/{world.one('CarePlan', 'care-plan', 'P-0')['id']}"
    assert [key.value for key in news.stale] == ["P-0"]
    assert plan in news.looked_at - news.echoes
    # Other tests write on the same server.
    kept = [*news.fresh.values(), *news.along.values(), *news.patients]
    assert not any(map(world.owns, kept))
