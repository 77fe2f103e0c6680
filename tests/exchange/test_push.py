import pytest

from fhircase.exchange.abilities import Abilities, abilities
from fhircase.exchange.push import Part, business, entry, pointers
from fhircase.ledger import RecordKey

KEY = RecordKey("referral", "https://h.example", "R-1")
BASE = "https://ehr.example/fhir"
UUID = "5f6b3c0e-7f0c-4d60-9a6b-0d2f1d5b8a11"


def task(**more):
    return {"resourceType": "Task", "id": UUID, **more}


@pytest.mark.parametrize(
    ("value", "ours"),
    [
        ({"system": "https://h.example/referral", "value": "R-1"}, True),
        ({"system": "https://h.example/offer", "value": "R-1:o1"}, True),
        ({"system": "https://h.example/offer", "value": "R-11:o1"}, False),
        ({"system": "https://h.example.org/referral", "value": "R-1"}, False),
    ],
)
def test_our_identifier_is_told_from_others(value, ours):
    assert bool(business(KEY, task(identifier=[{"value": "x"}, value]))) == ours


def test_a_create_depends_on_our_identifier_percent_encoded():
    resource = task(identifier=[{"system": "https://h.example/offer", "value": "R-1:o 1,&"}])
    key = KEY._replace(value="R-1:o 1,&")
    made = entry(Part(key, "task", resource), Abilities(), BASE)
    assert made["request"]["ifNoneExist"] == "identifier=https://h.example/offer%7CR-1:o%201%5C,%26"
    assert (made["fullUrl"], "id" in made["resource"]) == (f"urn:uuid:{UUID}", False)


def test_where_a_server_cannot_find_the_type_the_create_is_bare():
    resource = task(identifier=[{"system": "https://h.example/referral", "value": "R-1"}])
    assert (
        "ifNoneExist"
        not in entry(Part(KEY, "task", resource), Abilities(identified=frozenset({"Patient"})), BASE)["request"]
    )


def test_an_update_says_which_version_it_changes_and_no_change_says_nothing():
    before = {"resourceType": "Task", "id": "1", "status": "requested"}
    part = Part(KEY, "task", {**before, "status": "accepted"}, before=before, etag='W/"a"')
    assert entry(part, Abilities(), BASE)["request"] == {"method": "PUT", "url": "Task/1", "ifMatch": 'W/"a"'}
    assert entry(Part(KEY, "task", before, before=before), Abilities(), BASE) is None


def test_a_capability_statement_that_says_nothing_forbids_nothing():
    can = abilities({"resourceType": "CapabilityStatement"})
    assert can.can_search("Goal")
    assert can.can_guard("Goal")


def test_a_capability_statement_is_believed_where_it_speaks():
    can = abilities(
        {
            "rest": [
                {
                    "resource": [
                        {"type": "Task", "searchParam": [{"name": "owner"}]},
                        {"type": "Goal", "conditionalCreate": False},
                        {"type": "Basic", "interaction": [{"code": "read"}]},
                    ]
                }
            ]
        }
    )
    assert (can.can_search("Task"), can.can_find("Task")) == (True, False)
    assert (can.can_find("Goal"), can.can_guard("Goal")) == (True, False)
    assert (can.can_search("Basic"), can.can_search("CarePlan")) == (False, False)


def test_differences_are_named_by_json_pointer():
    before = {"a": 1, "b/c": [{"d": 1}, 2], "e": [1]}
    now = {"a": 1, "b/c": [{"d": 2}, 2], "e": [1, 2], "f": True}
    assert list(pointers(before, now)) == ["/b~1c/0/d", "/e", "/f"]


def test_an_update_says_its_full_url_for_references_without_one_lead_nowhere():
    before = {"resourceType": "Task", "id": "1", "status": "requested"}
    part = Part(KEY, "task", {**before, "status": "accepted"}, before=before)
    assert entry(part, Abilities(), BASE)["fullUrl"] == f"{BASE}/Task/1"
