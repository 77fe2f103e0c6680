"""A new record is written without looking; beside anything else, by comparing. Both say the same."""

from typing import Any

import pytest
from hypothesis import given
from tests.often import often
from tests.strategies import records

from fhircase.mapping import to_fhir
from fhircase.model import RECORDS


@pytest.mark.parametrize("fhir", ["R4", "R5"])
@pytest.mark.parametrize("kind", RECORDS)
def test_a_record_is_written_the_same_beside_a_stranger(kind: str, fhir: str) -> None:
    stranger = {"resourceType": "Organization", "id": "1", "name": "No part of it"}

    @often(60)
    @given(records(kind))
    def holds(record: Any) -> None:
        assert to_fhir(record, fhir, onto=[stranger]) == [stranger, *to_fhir(record, fhir)]

    holds()
