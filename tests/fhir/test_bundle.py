from base64 import b64decode
from uuid import uuid4

import pytest

from fhircase.errors import InvalidInput
from fhircase.fhir import bundle

KEY = str(uuid4())
TASK = {"resourceType": "Task", "id": KEY, "status": "requested"}


def answered(entry, **answer):
    (result,) = bundle.results(bundle.batch([entry]), {"entry": [answer]})
    return result


def test_a_new_resource_is_named_by_its_temporary_id_which_is_not_sent():
    assert bundle.create(TASK, if_none_exist={"identifier": "urn:a|1"}) == {
        "fullUrl": f"urn:uuid:{KEY}",
        "resource": {"resourceType": "Task", "status": "requested"},
        "request": {"method": "POST", "url": "Task", "ifNoneExist": "identifier=urn:a%7C1"},
    }
    assert TASK["id"] == KEY


def test_a_new_resource_that_nobody_refers_to_needs_no_id():
    assert "fullUrl" not in bundle.create({"resourceType": "Task"})


def test_a_new_resource_with_a_servers_id_is_refused():
    with pytest.raises(InvalidInput, match=r"no UUID @ Task\.id"):
        bundle.create(TASK | {"id": "42"})


def test_an_update_is_guarded_by_the_etag_as_it_came():
    entry = bundle.update(TASK, if_match='W/"a-uuid"')
    assert entry["request"] == {"method": "PUT", "url": f"Task/{KEY}", "ifMatch": 'W/"a-uuid"'}
    assert entry["resource"] == TASK


def test_an_update_may_say_by_criteria_which_one():
    entry = bundle.update({"resourceType": "Task"}, where={"identifier": "urn:a|1"})
    assert entry["request"] == {"method": "PUT", "url": "Task?identifier=urn:a%7C1"}


def test_an_update_of_nobody_knows_which_one_is_refused():
    with pytest.raises(InvalidInput, match="no id"):
        bundle.update({"resourceType": "Task"})


def test_a_resource_without_a_type_is_refused():
    with pytest.raises(InvalidInput, match="type"):
        bundle.create({})


def test_a_patch_travels_in_a_binary():
    entry = bundle.patch("Task", "1", [{"op": "remove", "path": "/note"}], if_match='W/"1"')
    assert entry["resource"]["resourceType"] == "Binary"
    assert b64decode(entry["resource"]["data"]) == b'[{"op":"remove","path":"/note"}]'
    assert entry["request"] == {"method": "PATCH", "url": "Task/1", "ifMatch": 'W/"1"'}


@pytest.mark.parametrize(
    ("entry", "safe"),
    [
        (bundle.create(TASK), False),
        (bundle.create(TASK, if_none_exist="identifier=a"), True),
        (bundle.update(TASK), False),
        (bundle.update(TASK, if_match='W/"1"'), True),
        (bundle.update(TASK, where="identifier=a"), False),
        (bundle.patch("Task", "1", []), False),
        (bundle.patch("Task", "1", [], if_match='W/"1"'), True),
        (bundle.delete("Task", "1"), True),
        (bundle.read("Task/1"), True),
        ({}, False),
        ({"request": {"method": "CONNECT"}}, False),
    ],
)
def test_a_transaction_may_be_repeated_if_every_entry_is_guarded_and_a_batch_never(entry, safe):
    assert bundle.repeatable(bundle.transaction([entry])) is safe
    assert not bundle.repeatable(bundle.batch([entry]))


@pytest.mark.parametrize(
    "location",
    [
        "Task/9/_history/2",
        "https://x.example/r4/Task/9/_history/2",
        "/Task/9/_history/2",
    ],
)
def test_a_result_says_where_the_resource_is_now(location):
    result = answered(
        bundle.create(TASK),
        response={"status": "201 Created", "location": location, "lastModified": "2024-05-01T10:00:00.671Z"},
    )
    assert result.ok
    assert (result.status, result.type, result.id, result.etag) == (201, "Task", "9", 'W/"2"')
    assert result.last_modified.isoformat() == "2024-05-01T10:00:00.671000+00:00"


def test_a_results_etag_wins_over_everything_else():
    resource = {"resourceType": "Task", "id": "9", "meta": {"versionId": "2"}}
    result = answered(bundle.create(TASK), resource=resource, response={"status": "201", "etag": 'W/"u-u"'})
    assert (result.etag, result.resource) == ('W/"u-u"', resource)


def test_a_result_without_location_is_known_by_what_was_asked():
    result = answered(bundle.update(TASK), response={"status": "200"})
    assert (result.type, result.id, result.etag) == ("Task", KEY, None)


def test_a_conditional_update_without_location_has_no_id():
    assert answered(bundle.update(TASK, where="a=b"), response={"status": "200"}).id == ""


def test_a_warning_beside_a_result_does_not_make_it_fail():
    remark = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "value"}]}
    result = answered(bundle.create(TASK), response={"status": "201", "outcome": remark})
    assert result.ok
    assert result.issues[0].severity == "warning"


def test_an_outcome_in_place_of_the_resource_is_read_as_one():
    refusal = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "conflict"}]}
    result = answered(bundle.create(TASK), resource=refusal, response={"status": "412 Precondition Failed"})
    assert not result.ok
    assert (result.status, result.resource, result.issues[0].code) == (412, None, "conflict")


def test_a_search_in_a_batch_gives_its_bundle():
    found = {"resourceType": "Bundle", "type": "searchset"}
    result = answered(bundle.read("Task?status=requested"), resource=found, response={"status": "200"})
    assert (result.type, result.resource) == ("Bundle", found)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"response": None},
        {"response": "200"},
        {"response": {"status": "x"}},
        {"resource": "text"},
    ],
)
def test_a_result_that_says_nothing_did_not_work(answer):
    assert not answered(bundle.create(TASK), **answer).ok


def test_as_many_answers_as_entries_or_none_counts():
    with pytest.raises(InvalidInput, match="1 answers to 2 entries"):
        bundle.results(bundle.batch([bundle.read("Task/1")] * 2), {"entry": [{}]})
