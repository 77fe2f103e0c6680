"""What both clients do when a server, or something before it, misbehaves."""

import logging

import pytest

from fhircase.errors import (
    Broken,
    Conflict,
    ForeignHost,
    InvalidInput,
    NotAllowed,
    NotFHIR,
    NotFound,
    Rejected,
    ServerError,
    Throttled,
    UnknownOutcome,
    Unreachable,
)
from fhircase.fhir import bundle

TASK = {"resourceType": "Task", "id": "1", "meta": {"versionId": "3"}, "status": "requested"}
QUICK = (1.0, 0.2)


def outcome(severity, code="conflict", **more):
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code, **more}]}


def page(*resources, **links):
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": [{"relation": name, "url": url} for name, url in links.items()],
        "entry": [{"resource": resource} for resource in resources],
    }


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Rejected),
        (401, NotAllowed),
        (403, NotAllowed),
        (404, NotFound),
        (410, NotFound),
        (409, Conflict),
        (412, Conflict),
        (422, Rejected),
        (429, Throttled),
        (500, Broken),
        (503, Broken),
    ],
)
def test_a_status_is_an_error_of_its_own_kind(connect, told, status, error):
    for _ in range(4):
        told.says(status, outcome("error"))
    with pytest.raises(ServerError) as caught:
        connect(told.base_url).read("Task", "1")
    assert type(caught.value) is error
    assert caught.value.status == status


def test_a_warning_is_not_a_failure(fhir, told):
    told.says(200, outcome("warning"), ETag='W/"4"')
    stored = fhir.update(TASK, prefer="OperationOutcome")
    assert (stored.resource, stored.id, stored.etag) == (None, "1", 'W/"4"')


def test_an_etag_is_sent_back_as_it_came(fhir, told):
    told.says(200, TASK, ETag='W/"a-uuid"').says(200, TASK)
    fhir.update(TASK, if_match=fhir.read("Task", "1").etag)
    assert told.heard[1].headers["if-match"] == 'W/"a-uuid"'


def test_without_an_etag_the_version_id_makes_one(fhir, told):
    told.says(200, TASK)
    assert fhir.read("Task", "1").etag == 'W/"3"'


@pytest.mark.parametrize(
    "location",
    [
        "Task/9/_history/2",
        "/fhir/Task/9/_history/2",
        "https://elsewhere.example/r4/Task/9/_history/2",
    ],
)
def test_without_a_body_the_location_says_id_and_version(fhir, told, location):
    told.says(201, Location=location)
    stored = fhir.create(TASK)
    assert (stored.id, stored.etag, stored.location) == ("9", 'W/"2"', location)


def test_without_body_and_location_a_conditional_update_has_no_id(fhir, told):
    told.says(200)
    stored = fhir.update(TASK | {"id": None}, where="identifier=a|b")
    assert (stored.id, stored.etag, stored.resource) == ("", None, None)


def test_a_created_with_a_body_in_another_format_is_created(fhir, told):
    told.says(201, b"<Task/>", Content_Type="application/fhir+xml", Location="Task/9/_history/1")
    stored = fhir.create(TASK)
    assert (stored.id, stored.created, stored.resource) == ("9", True, None)


def test_decimals_go_out_and_come_in_digit_by_digit(fhir, told):
    told.says(200, b'{"resourceType":"Task","id":"1","x":72.50}').says(200)
    fhir.update(fhir.read("Task", "1").resource)
    assert told.heard[1].body == b'{"resourceType":"Task","id":"1","x":72.50}'


@pytest.mark.parametrize("status", [200, 400, 404])
def test_a_web_page_is_not_fhir(fhir, told, status):
    told.says(status, b"<html>Sign in</html>", Content_Type="text/html; charset=utf-8")
    text = rf"/fhir/Task/1: {status}, content type text/html: .*login page or proxy"
    with pytest.raises(NotFHIR, match=text):
        fhir.read("Task", "1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"detail":"x"}',
        b'{"resourceType":"Patient"}',
        b'{"resource',
        b"\xff",
    ],
)
def test_an_answer_that_is_not_the_resource_asked_for_is_not_fhir(fhir, told, body):
    told.says(200, body)
    with pytest.raises(NotFHIR):
        fhir.read("Task", "1")


def test_a_proxys_page_with_a_clear_status_keeps_its_meaning(fhir, told):
    told.says(403, b"<html>", Content_Type="text/html")
    with pytest.raises(NotAllowed):
        fhir.read("Task", "1")


def test_a_read_whose_answer_is_cut_is_asked_again(fhir, told, naps):
    told.cuts().drops().says(200, TASK)
    assert fhir.read("Task", "1").id == "1"
    assert naps == [0.25, 0.5]


@pytest.mark.parametrize("fault", ["cuts", "drops", "hangs"])
def test_a_create_whose_answer_is_lost_is_never_sent_again(connect, told, naps, fault):
    getattr(told, fault)().says(201, TASK)
    with pytest.raises(UnknownOutcome, match="may have done it"):
        connect(told.base_url, timeout=QUICK).create(TASK, if_none_exist={"identifier": "a|b"})
    assert (len(told.heard), naps) == (1, [])


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_that_lost_a_create_leaves_its_outcome_unknown(fhir, told, status):
    told.says(status, b"<html>")
    with pytest.raises(UnknownOutcome):
        fhir.create(TASK)


def test_an_update_with_if_match_is_sent_again(fhir, told):
    told.drops().says(200, TASK)
    fhir.update(TASK, if_match='W/"3"')
    assert [request.headers["if-match"] for request in told.heard] == ['W/"3"', 'W/"3"']


def test_an_update_without_if_match_is_not_sent_again(fhir, told):
    told.drops()
    with pytest.raises(UnknownOutcome):
        fhir.update(TASK)


@pytest.mark.parametrize(
    ("entries", "again"),
    [
        (
            [
                bundle.create(TASK | {"id": None}, if_none_exist="identifier=a|b"),
                bundle.update(TASK, if_match='W/"3"'),
                bundle.delete("Task", "2"),
                bundle.read("Task/3"),
            ],
            True,
        ),
        ([bundle.create(TASK | {"id": None})], False),
        ([bundle.update(TASK)], False),
        ([bundle.patch("Task", "1", [])], False),
    ],
)
def test_a_transaction_is_sent_again_only_if_every_entry_is_guarded(fhir, told, entries, again):
    answer = {"resourceType": "Bundle", "entry": [{"response": {"status": "200 OK"}} for _ in entries]}
    told.drops().says(200, answer)
    if again:
        assert all(result.ok for result in fhir.transaction(entries))
    else:
        with pytest.raises(UnknownOutcome):
            fhir.transaction(entries)


def test_an_answer_with_too_few_entries_leaves_the_outcome_unknown(fhir, told):
    told.says(200, {"resourceType": "Bundle", "type": "transaction-response"})
    with pytest.raises(UnknownOutcome, match="0 answers to 1 entries"):
        fhir.transaction([bundle.delete("Task", "1")])


def test_retry_after_is_waited_for_even_by_a_create(fhir, told, naps):
    told.says(429, Retry_After="7").says(201, TASK)
    fhir.create(TASK)
    assert naps == [7.25]


def test_a_retry_after_date_counts_from_the_answers_own_date(fhir, told, naps):
    told.says(503, Retry_After="Mon, 01 Jan 2024 00:00:30 GMT", Date="Mon, 01 Jan 2024 00:00:20 GMT")
    told.says(200, TASK)
    fhir.read("Task", "1")
    assert naps == [10.25]


def test_a_retry_after_beyond_our_patience_is_told_to_the_caller(fhir, told, naps):
    told.says(429, Retry_After="3600")
    with pytest.raises(Throttled) as caught:
        fhir.read("Task", "1")
    assert (caught.value.after, naps) == (3600.0, [])


def test_a_refused_connection_is_tried_again_and_then_unreachable(connect, naps):
    with pytest.raises(Unreachable, match="nothing was sent"):
        connect("http://127.0.0.1:9/fhir").create(TASK)
    assert naps == [0.25, 0.5, 1.0]


def test_a_search_asks_for_a_page_only_when_it_is_needed(fhir, told):
    told.says(200, page(TASK, next=f"{told.base_url}?page=2")).says(200, page(TASK | {"id": "2"}))
    found = fhir.search("Task")
    assert next(found)["id"] == "1"
    assert len(told.heard) == 1
    assert [resource["id"] for resource in found] == ["2"]


def test_a_resource_that_slips_to_the_next_page_comes_once(fhir, told):
    told.says(200, page(TASK, next="Task?page=2")).says(200, page(TASK, TASK | {"id": "2"}))
    assert [resource["id"] for resource in fhir.search("Task")] == ["1", "2"]
    assert told.heard[1].path == "/fhir/Task?page=2"


def test_next_links_that_go_in_a_circle_are_refused(fhir, told):
    told.says(200, page(next="Task?page=2")).says(200, page(next="Task?page=2"))
    with pytest.raises(NotFHIR, match="in a circle"):
        list(fhir.search("Task"))


def test_what_the_server_remarks_about_a_search_is_no_result(fhir, told):
    told.says(200, page(TASK, outcome("warning", "not-supported")))
    found = fhir.search_page("Task")
    assert [resource["id"] for resource in found.resources] == ["1"]
    assert found.issues[0].code == "not-supported"


def test_pages_can_be_walked_by_hand(fhir, told):
    told.says(200, page(TASK, next="Task?page=2")).says(200, page())
    second = fhir.next_page(fhir.search_page("Task"))
    assert second.resources == []
    assert fhir.next_page(second) is None


def test_a_next_link_to_another_host_is_not_followed(fhir, told):
    told.says(200, page(TASK, self=f"{told.base_url}/Task", next="https://evil.example/fhir?p=secret"))
    with pytest.raises(ForeignHost, match=r"said to be at https://evil\.example") as caught:
        list(fhir.search("Task"))
    assert "secret" not in str(caught.value) + caught.value.url


def test_a_server_that_calls_itself_otherwise_is_told_so(fhir, told):
    told.says(200, page(self="http://internal:8080/fhir/Task", next="http://internal:8080/fhir?page=2"))
    with pytest.raises(ForeignHost, match=r"calls itself http://internal:8080 in its links.*X-Forwarded"):
        list(fhir.search("Task"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(fhir, told, status):
    told.says(status, Location="https://evil.example/fhir/Task/1")
    with pytest.raises(ForeignHost, match="a redirect would leave"):
        fhir.read("Task", "1")


def test_a_redirect_within_the_server_is_followed(fhir, told):
    told.says(308, Location="/fhir/Task/1").says(200, TASK)
    assert fhir.read("Task", "1").id == "1"


def test_a_create_is_not_turned_into_a_read_by_a_redirect(fhir, told):
    told.says(302, Location="/fhir/Task/1")
    with pytest.raises(NotFHIR, match="redirect"):
        fhir.create(TASK)


def test_requests_say_what_they_accept_and_are_never_compressed(fhir, told):
    told.says(200, page()).says(201, TASK)
    list(fhir.search("Task", {"status": ["a", "b"], "_count": 5, "active": True}))
    fhir.create(TASK)
    asked, wrote = told.heard
    assert asked.path == "/fhir/Task?status=a&status=b&_count=5&active=true"
    assert asked.headers["accept"] == "application/fhir+json"
    assert asked.headers["cache-control"] == "no-cache"
    assert wrote.headers["content-type"] == "application/fhir+json"
    assert wrote.headers["prefer"] == "return=representation"
    assert "content-encoding" not in wrote.headers
    assert b'"id"' not in wrote.body


def test_a_long_search_hides_its_criteria_in_the_body(fhir, told):
    told.says(200, page())
    list(fhir.search("Task", {"identifier": "x" * 2000}))
    (asked,) = told.heard
    assert (asked.method, asked.path) == ("POST", "/fhir/Task/_search")
    assert asked.body.startswith(b"identifier=xxx")


def test_no_error_and_no_log_shows_criteria_bodies_or_what_the_server_quotes(fhir, told, caplog):
    caplog.set_level(logging.DEBUG)
    quoted = {"diagnostics": "Smith is no name", "expression": ["Patient.where(x='Smith')"]}
    secret = outcome("error", "invalid", **quoted)
    told.says(400, secret).says(412, secret).drops()
    calls = [
        lambda: fhir.search_page("Patient", {"family": "Smith"}),
        lambda: fhir.create({"resourceType": "Patient", "x": "Smith"}, if_none_exist={"family": "Smith"}),
        lambda: fhir.update({"resourceType": "Patient", "x": "Smith"}, where={"family": "Smith"}),
    ]
    for call in calls:
        with pytest.raises(ServerError) as caught:
            call()
        error = caught.value
        assert "Smith" not in f"{error!s} {error!r} {error.url} {error.issues!r}"
        assert error.__cause__ is None
        assert error.__context__ is None
    assert "Smith" not in caplog.text
    assert calls
    assert "/fhir/Patient?family" in str(caught.value)


def test_what_the_server_says_in_its_own_words_is_kept_for_who_asks(fhir, told):
    told.says(400, outcome("error", diagnostics="own words"))
    with pytest.raises(Rejected) as caught:
        fhir.read("Task", "1")
    assert caught.value.issues[0].diagnostics == "own words"


def test_a_resource_without_an_id_cannot_be_updated(fhir):
    with pytest.raises(InvalidInput, match="no id"):
        fhir.update({"resourceType": "Task"})
