"""What both clients do with a real server."""

from uuid import uuid4

import pytest

from fhircase.errors import Conflict, NotFound, Rejected
from fhircase.fhir import bundle

SYSTEM = "urn:example:client-tests"


@pytest.fixture
def value():
    return str(uuid4())


def task(value, **more):
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "identifier": [{"system": SYSTEM, "value": value}],
        **more,
    }


def test_what_is_created_can_be_read_at_every_version(real, value):
    made = real.create(task(value))
    changed = real.update({**made.resource, "status": "accepted"}, if_match=made.etag)

    assert made.created
    assert real.read("Task", made.id).resource["status"] == "accepted"
    assert real.vread("Task", made.id, "1").resource["status"] == "requested"
    assert [version.etag for version in real.history("Task", made.id)] == [changed.etag, made.etag]


def test_a_conditional_create_finds_what_is_there(real, value):
    criteria = {"identifier": f"{SYSTEM}|{value}"}
    first = real.create(task(value), if_none_exist=criteria)
    second = real.create(task(value), if_none_exist=criteria)

    assert (first.status, second.status, second.id) == (201, 200, first.id)


def test_a_conditional_update_creates_and_then_replaces(real, value):
    where = {"identifier": f"{SYSTEM}|{value}"}
    first = real.update(task(value), where=where)
    second = real.update(task(value, status="accepted"), where=where)

    assert (first.status, second.status, second.id) == (201, 200, first.id)


def test_a_stale_if_match_is_a_conflict_and_changes_nothing(real, value):
    made = real.create(task(value))
    real.update({**made.resource, "status": "accepted"}, if_match=made.etag)

    with pytest.raises(Conflict):
        real.update({**made.resource, "status": "rejected"}, if_match=made.etag)
    assert real.read("Task", made.id).resource["status"] == "accepted"


def test_a_patch_changes_its_place_and_gives_the_new_version(real, value):
    made = real.create(task(value))
    patched = real.patch(
        "Task", made.id, [{"op": "replace", "path": "/status", "value": "accepted"}], if_match=made.etag
    )

    assert patched.resource["status"] == "accepted"
    assert patched.etag == real.read("Task", made.id).etag != made.etag


def test_what_is_deleted_is_not_found(real, value):
    made = real.create(task(value))
    real.delete("Task", made.id)

    with pytest.raises(NotFound):
        real.read("Task", made.id)


def test_a_deletion_is_a_version_without_a_resource(real, value):
    made = real.create(task(value))
    real.delete("Task", made.id)
    last, first = real.history("Task", made.id)

    assert (last.status, last.resource, last.id) == (204, None, made.id)
    assert first.last_modified.tzinfo


def test_a_minimal_answer_still_says_id_and_version(real, value):
    made = real.create(task(value), prefer="minimal")

    assert made.resource is None
    assert made.etag == real.read("Task", made.id).etag
    assert made.last_modified.tzinfo


def test_a_search_follows_pages_and_gives_everything_once(real, value):
    real.transaction([bundle.create(task(f"{value}-{n}", description=value)) for n in range(7)])
    criteria = {"identifier": ",".join(f"{SYSTEM}|{value}-{n}" for n in range(7)), "_count": 3}

    assert len(real.search_page("Task", criteria).entries) == 3
    found = [resource["id"] for resource in real.search("Task", criteria)]
    assert len(found) == len(set(found)) == 7


def test_a_search_too_long_for_a_url_is_posted(real, value):
    real.create(task(value))
    others = ",".join(f"{SYSTEM}|{n:06}" for n in range(200))

    assert len(list(real.search("Task", {"identifier": f"{others},{SYSTEM}|{value}"}))) == 1


def test_a_transaction_links_its_new_resources(real, value):
    key = str(uuid4())
    patient = {"resourceType": "Patient", "id": key, "identifier": [{"system": SYSTEM, "value": value}]}
    asked = task(value, **{"for": {"reference": f"urn:uuid:{key}"}})
    made = real.transaction([bundle.create(patient), bundle.create(asked)])

    assert [entry.status for entry in made] == [201, 201]
    assert real.read("Task", made[1].id).resource["for"]["reference"] == f"Patient/{made[0].id}"


def test_a_guarded_transaction_sent_twice_makes_one_of_each(real, value):
    entries = [bundle.create(task(value), if_none_exist={"identifier": f"{SYSTEM}|{value}"})]
    first, second = real.transaction(entries), real.transaction(entries)

    assert (first[0].status, second[0].status) == (201, 200)
    assert first[0].id == second[0].id


def test_a_transaction_with_one_stale_entry_does_nothing(real, value):
    made = real.create(task(value))

    with pytest.raises(Rejected) as caught:
        real.transaction(
            [
                bundle.create(task(f"{value}-new")),
                bundle.update({**made.resource, "status": "accepted"}, if_match='W/"99"'),
            ]
        )
    assert caught.value.status in (400, 409, 412)
    assert list(real.search("Task", {"identifier": f"{SYSTEM}|{value}-new"})) == []


def test_a_batch_tells_the_good_entries_from_the_bad(real, value):
    made = real.create(task(value))
    accept = [{"op": "replace", "path": "/status", "value": "accepted"}]
    done, lost, stale = real.batch(
        [
            bundle.patch("Task", made.id, accept),
            bundle.read("Task/none-such"),
            bundle.update(made.resource, if_match='W/"99"'),
        ]
    )

    assert (done.ok, done.type, done.id) == (True, "Task", made.id)
    assert (lost.ok, lost.status) == (False, 404)
    assert lost.issues[0].failed
    assert not stale.ok
    assert stale.status in (409, 412)


def test_the_capability_statement_says_the_version(real):
    assert real.capabilities()["fhirVersion"] == "4.0.1"


def test_a_refusal_says_why_in_words_of_ours(real, value):
    with pytest.raises(Rejected, match=r"400 Bad Request: the .* \((structure|processing)\)") as caught:
        real.create(task(value, status=12))
    assert caught.value.issues[0].diagnostics


def test_the_history_of_a_type_tells_of_changes_and_deletions(real):
    made = real.create(
        {"resourceType": "Task", "status": "requested", "intent": "order", "for": {"reference": "Patient/1"}}
    )
    since = made.resource["meta"]["lastUpdated"]
    real.delete("Task", made.id)
    mine = [version for version in real.type_history("Task", since) if version.id == made.id]
    assert [(version.status, version.resource is None) for version in mine] == [(204, True), (201, False)]
    assert all(version.last_modified for version in mine)
