from datetime import UTC, datetime

from fhircase.exchange.pull import Query, arranged, change_id, newest, queries, unchanged
from fhircase.ledger import RecordKey
from fhircase.model import Activity, CarePlan, Key, Link

NOW = datetime(2026, 3, 9, tzinfo=UTC)
KEY = RecordKey("referral", "https://h.example", "R-1")


def version(number, moment="2026-03-01T10:00:00Z", **more):
    return {"resourceType": "Task", "id": "1", "meta": {"versionId": number, "lastUpdated": moment}, **more}


def test_a_query_goes_back_five_minutes_by_the_servers_clock():
    assert Query("Task").since("2026-03-01T10:00:00+01:00") == "_lastUpdated=ge2026-03-01T08:55:00.000Z&_count=200"
    assert Query("Task", "owner=Organization/1").since(None) == "owner=Organization/1&_count=200"
    assert Query("Task").since("2026-03-02T10:00:00Z", "modified") == "modified=ge2026-03-01T10:00:00.000Z&_count=200"


def test_how_far_a_query_was_read_never_goes_back():
    early, late = (datetime(2026, 3, day, tzinfo=UTC) for day in (1, 3))
    assert newest("2026-03-02T00:00:00+00:00", [early], NOW) == "2026-03-02T00:00:00+00:00"
    assert newest(None, [early, None, late], NOW) == "2026-03-03T00:00:00+00:00"
    assert newest(None, [None], NOW) is None


def test_a_moment_in_the_future_does_not_hide_what_comes_before_it():
    assert newest("2026-03-02T00:00:00+00:00", [datetime(2099, 1, 1, tzinfo=UTC)], NOW) == NOW.isoformat()


def test_the_version_tells_an_echo_from_news():
    assert unchanged(version("1"), version("1"))
    assert not unchanged(version("1"), version("2"))
    assert not unchanged(None, version("1"))
    assert unchanged({"a": 1}, {"a": 1})


def test_everything_our_mappings_write_is_asked_for_and_what_is_addressed_to_us():
    asked = queries("R4", (), ["Task?status=requested"], "Organization/1")
    assert {"Task", "EpisodeOfCare", "CarePlan", "Goal", "ServiceRequest", "Procedure", "Condition"} <= {
        query.type for query in asked
    }
    assert [(query.criteria, query.addressed) for query in asked if query.addressed] == [
        ("owner=Organization/1", True),
        ("status=requested", True),
    ]
    assert len({query.name for query in asked}) == len(asked)


def test_the_same_news_has_one_id_however_it_is_found():
    one = change_id("ehr", KEY, [version("1"), version("2")], b"{}", 2)
    assert one == change_id("ehr", KEY, [version("2"), version("1")], b"{}", 3)
    assert one != change_id("ehr", KEY, [version("1"), version("3")], b"{}", 2)
    assert one != change_id("ehr", KEY, [version("1"), version("2")], b"[]", 2)


def test_what_comes_back_where_versions_do_not_tell_is_news_again():
    plain = {"resourceType": "Task", "id": "1", "status": "accepted"}
    assert change_id("ehr", KEY, [plain], b"{}", 2) != change_id("ehr", KEY, [plain], b"{}", 4)
    remapped = [change_id("ehr", KEY, [version("1")], b"{}", revision, versioned=False) for revision in (2, 4)]
    assert len(set(remapped)) == 2


def test_resources_come_in_the_order_of_the_record_and_new_ones_last():
    record = CarePlan(
        key=Key(kind="care-plan", namespace="https://h.example", value="P-1"),
        client=Link(display="x"),
        activities=(Activity(id="a2"), Activity(id="a1")),
    )
    roles = {"CarePlan/1": "plan", "Task/1": "activity:a1", "Task/2": "activity:a2"}
    given = [
        {"resourceType": kind, "id": id_, "authoredOn": when}
        for kind, id_, when in (
            ("Task", "4", "2026-02"),
            ("Task", "3", "2026-01"),
            ("Task", "1", ""),
            ("Task", "2", ""),
            ("CarePlan", "1", ""),
        )
    ]
    assert [f"{each['resourceType']}/{each['id']}" for each in arranged(record, roles, given)] == [
        "CarePlan/1",
        "Task/2",
        "Task/1",
        "Task/3",
        "Task/4",
    ]
