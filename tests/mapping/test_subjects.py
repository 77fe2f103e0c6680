"""Every resource of a record says whose it is: one that does not is found by nobody who looks for the client."""

from typing import Any

import pytest

from fhircase.mapping import to_fhir
from fhircase.records.sample import sample

WHOSE = ("for", "patient", "beneficiary", "subject")


def whose(resource: Any) -> Any:
    return next((resource[name] for name in WHOSE if name in resource), None)


@pytest.mark.parametrize("fhir", ["R4", "R5"])
def test_all_resources_of_a_record_are_about_the_same_person(fhir: str) -> None:
    for record in sample(40, 5):
        about = [whose(resource) for resource in to_fhir(record, fhir) if resource["resourceType"] != "Patient"]
        assert about == about[:1] * len(about)
        assert set(about[0]) & {"reference", "identifier"}


def test_a_case_that_gets_a_need_says_whose_the_need_is() -> None:
    case = next(r for r in sample(40, 5) if r.key.kind == "case" and len(r.needs) > 1)
    there = to_fhir(case.model_copy(update={"needs": case.needs[:1]}))
    assert len({str(whose(r)) for r in to_fhir(case, onto=there) if r["resourceType"] != "Patient"}) == 1


@pytest.mark.parametrize("fhir", ["R4", "R5"])
def test_what_is_copied_goes_with_what_it_is_a_copy_of(fhir: str) -> None:
    referral = next(r for r in sample(40, 5) if r.key.kind == "referral" and r.offers and r.urgency != "unspecified")
    there = to_fhir(referral, fhir)
    assert all("priority" in resource for resource in there if resource["resourceType"] == "Task")
    less = to_fhir(referral.model_copy(update={"urgency": "unspecified", "client": None}), fhir, onto=there)
    tasks = [resource for resource in less if resource["resourceType"] == "Task"]
    assert tasks
    assert not any("priority" in task for task in tasks)
    assert all(task["for"].keys() == {"extension"} for task in tasks)
