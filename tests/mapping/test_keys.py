"""Who a record is: our identifier, else the server's id, which is written nowhere."""

from typing import Any

import pytest
from tests.mapping.examples import BOTH, CASE, PLAN, SPACE, but, key, only, written

from fhircase.mapping import from_fhir, to_fhir
from fhircase.model import Goal, Key, Link, Note

SERVER = "https://ehr.example/fhir"
FOREIGN = {"resourceType": "CarePlan", "id": "5", "status": "active", "intent": "plan"}


@BOTH
def test_our_identifier_is_the_key_wherever_it_stands_among_others(fhir: str) -> None:
    resources = written(PLAN, fhir)
    resources[0]["identifier"].insert(0, {"system": "http://ehr.example/plans", "value": "8"})
    assert from_fhir(resources, fhir).record.key == PLAN.key


@BOTH
def test_a_record_without_our_identifier_is_known_by_server_and_id(fhir: str) -> None:
    record = from_fhir(FOREIGN, fhir, server=SERVER).record
    assert record.key == Key(kind="care-plan", namespace=f"server:{SERVER}", value="CarePlan/5")
    assert record.key.foreign


@BOTH
def test_a_servers_id_is_never_written_as_an_identifier(fhir: str) -> None:
    record = from_fhir(FOREIGN, fhir, server=SERVER).record
    changed = but(record, notes=(Note(text="seen"),), goals=(Goal(id="g1"),))
    plan = only(to_fhir(changed, fhir, onto=[FOREIGN]), "CarePlan")
    assert "identifier" not in plan
    assert plan["id"] == "5"


def test_what_a_server_knows_by_id_may_be_known_by_key() -> None:
    known = {"CarePlan/5": key("care-plan", "P-1"), "CarePlan/4": key("care-plan", "P-0")}
    record = from_fhir({**FOREIGN, "replaces": [{"reference": "CarePlan/4"}]}, known=known).record
    assert record.key == key("care-plan", "P-1")
    assert record.replaces == (Link(record=key("care-plan", "P-0")),)


def test_what_is_known_by_key_stays_as_the_server_has_it_when_only_something_else_changes() -> None:
    known = {"CarePlan/5": key("care-plan", "P-1"), "CarePlan/4": key("care-plan", "P-0")}
    there = {**FOREIGN, "replaces": [{"reference": "CarePlan/4"}]}
    changed = but(from_fhir(there, known=known).record, title="x")
    assert to_fhir(changed, onto=[there], known=known) == [{**there, "title": "x"}]


@BOTH
def test_a_record_is_found_by_whichever_of_its_resources_has_our_identifier(fhir: str) -> None:
    resources = written(CASE, fhir)
    del only(resources, "Task")["identifier"]
    stranger = {"resourceType": "EpisodeOfCare", "id": "1", "status": "active"}
    assert from_fhir(resources, fhir).record == CASE
    assert to_fhir(CASE, fhir, onto=[stranger, *resources]) == [stranger, *resources]


def test_a_key_that_was_given_to_a_known_record_is_written_as_its_identifier() -> None:
    record = but(from_fhir(FOREIGN).record, key=key("care-plan", "P-1"))
    (plan,) = to_fhir(record, onto=[FOREIGN])
    assert plan["identifier"] == [{"system": f"{SPACE}/care-plan", "value": "P-1"}]


def test_a_changed_key_changes_our_identifier_and_no_other() -> None:
    resources = written(PLAN)
    other = {"system": "http://ehr.example/plans", "value": "8", "use": "official"}
    resources[0]["identifier"].append(other)
    plan = only(to_fhir(but(PLAN, key=key("care-plan", "P-2")), onto=resources), "CarePlan")
    assert plan["identifier"] == [{"system": f"{SPACE}/care-plan", "value": "P-2"}, other]


@BOTH
def test_the_same_record_is_given_the_same_temporary_ids_each_time(fhir: str) -> None:
    ids = [resource["id"] for resource in to_fhir(CASE, fhir)]
    assert [resource["id"] for resource in to_fhir(but(CASE, notes=()), fhir)] == ids
    assert len(set(ids)) == len(ids)


def test_two_records_of_one_value_in_different_namespaces_share_no_id() -> None:
    other = but(CASE, key=Key(kind="case", namespace="https://agency.example", value="C-1"))
    assert not {r["id"] for r in to_fhir(CASE)} & {r["id"] for r in to_fhir(other)}


@pytest.mark.parametrize(
    "identifier",
    [
        {"system": "/care-plan", "value": "P-1"},
        {"system": f"{SPACE}/case", "value": "P-1"},
        {"system": f"{SPACE}/care-plan"},
        {"value": "P-1"},
    ],
    ids=["no namespace", "another kind", "no value", "no system"],
)
def test_an_identifier_that_is_not_wholly_ours_is_no_key(identifier: dict[str, Any]) -> None:
    assert from_fhir({**FOREIGN, "identifier": [identifier]}).record.key.value == "CarePlan/5"
