"""How an amount is to be understood: by FHIR's code, or where the version has none, beside it."""

from decimal import Decimal

import pytest
from tests.mapping.examples import BOTH, but, only
from tests.mapping.examples import REFERRAL as PLAIN

from fhircase.mapping import from_fhir, to_fhir
from fhircase.model import Quantity

EXACT = {"url": "https://fhircase.org/fhir/StructureDefinition/exact-comparator", "valueCode": "ad"}


@BOTH
@pytest.mark.parametrize("comparator", ["<", "<=", ">=", ">", "ad"])
def test_every_comparator_is_written_and_read(fhir: str, comparator: str) -> None:
    record = but(PLAIN, quantity=Quantity(value=Decimal("10.50"), comparator=comparator, unit="meals"))
    written = to_fhir(record, fhir)
    amount = only(written, "ServiceRequest")["quantityQuantity"]
    beside = (None, [EXACT]) if (fhir, comparator) == ("R4", "ad") else (comparator, None)
    assert (amount.get("comparator"), amount.get("extension")) == beside
    assert from_fhir(written, fhir).record == record
    assert to_fhir(record, fhir, onto=written) == written
    assert to_fhir(record, fhir, onto=to_fhir(PLAIN, fhir)) == written


@BOTH
def test_a_comparator_that_is_changed_leaves_nothing_of_the_old_one(fhir: str) -> None:
    at_least, in_all = (
        but(PLAIN, quantity=Quantity(value=Decimal(2), comparator=comparator)) for comparator in (">=", "ad")
    )
    assert to_fhir(at_least, fhir, onto=to_fhir(in_all, fhir)) == to_fhir(at_least, fhir)
    assert to_fhir(in_all, fhir, onto=to_fhir(at_least, fhir)) == to_fhir(in_all, fhir)
