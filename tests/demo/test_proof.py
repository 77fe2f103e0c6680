"""The demonstration's proof fails when it should."""

import copy

import pytest

from fhircase.demo.population import organizations, people
from fhircase.demo.proof import proof
from fhircase.mapping import to_fhir
from fhircase.model import CarePlan, Key, Record
from fhircase.records.sample import agencies, sample


@pytest.fixture(scope="module")
def known() -> dict[Key, Record]:
    return {record.key: record for record in sample(5, seed=2) if record.key}


@pytest.fixture
def resources(known):
    return copy.deepcopy([resource for record in known.values() for resource in to_fhir(record)])


def failed(resources, known):
    return {finding.what for finding in proof(resources, known) if finding.wrong}


def test_it_holds_when_the_server_has_what_was_sent(resources, known):
    assert failed(resources, known) == set()


def test_it_fails_when_a_record_is_missing(resources, known):
    rest = [resource for resource in resources if resource["resourceType"] != "ServiceRequest"]
    assert "records that were sent are there" in failed(rest, known)


def test_it_fails_when_an_identifier_is_there_twice(resources, known):
    double = {**resources[0], "id": "another"}
    assert "no identifier of ours is there twice" in failed([*resources, double], known)


def test_it_fails_when_a_record_is_different(resources, known):
    plan = next(resource for resource in resources if resource["resourceType"] == "CarePlan")
    plan["title"] = "Something else"
    (wrong,) = next(finding.wrong for finding in proof(resources, known) if finding.what.endswith("equal ours"))
    assert wrong.endswith(": title")
    assert "Something else" not in wrong


def test_it_fails_when_something_is_there_that_nobody_sent(resources, known):
    key = next(record.key for record in known.values() if isinstance(record, CarePlan))
    rest = {known_key: record for known_key, record in known.items() if known_key != key}
    assert "nothing is there that nobody sent" in failed(resources, rest)


def test_it_fails_when_a_resource_names_no_client(resources, known):
    plan = next(resource for resource in resources if resource["resourceType"] == "CarePlan")
    plan["subject"] = {"display": "somebody"}
    assert "every resource says whose it is" in failed(resources, known)


def test_an_ehr_has_one_patient_for_each_client_and_every_organization(known):
    patients = list(people(known.values()))
    assert len(patients) == 5
    assert all("id" not in patient and patient["identifier"] for patient in patients)
    assert [organization["name"] for organization in organizations()] == list(agencies().values())
