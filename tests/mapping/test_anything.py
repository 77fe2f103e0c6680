"""The mapping's laws over resources with anything in them that FHIR's element tables allow."""

from functools import cache
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.anything import TYPES, Maker
from tests.often import often

from fhircase.fhir import jsontext
from fhircase.fhir.jsontext import Json
from fhircase.mapping import from_bundle
from fhircase.mapping.laws import Donors, broken

EVERY = pytest.mark.parametrize(("kind", "fhir"), [(kind, fhir) for kind in TYPES for fhir in ("R4", "R5")])
FILLS = (0.1, 0.4, 0.9)


def made(fhir: str, kind: str, seed: int, fill: float) -> Json:
    """A resource as it comes over the wire."""
    resource: Json = jsontext.decode(jsontext.encode(Maker(fhir, seed, fill).resource(kind)))
    return resource


@cache
def donors(fhir: str, kind: str) -> Donors:
    found = Donors()
    for seed in range(30):
        for reading in from_bundle(made(fhir, kind, -seed, FILLS[seed % 3]), fhir).readings:
            found.add(reading.record)
    return found


@EVERY
def test_whatever_a_valid_resource_holds_it_is_read_and_the_laws_hold(kind: str, fhir: str) -> None:
    @often(25)
    @given(st.integers(0, 2**32), st.sampled_from(FILLS))
    def holds(seed: int, fill: float) -> None:
        resource = made(fhir, kind, seed, fill)
        found = from_bundle(resource, fhir)
        assert [str(problem) for refusal in found.refused for problem in refusal.problems] == []
        (reading,) = found.readings
        assert [str(each) for each in broken(reading, donors(fhir, kind), fhir, Random(seed), scalars=5)] == []

    holds()


@EVERY
def test_every_element_of_the_type_is_made(kind: str, fhir: str) -> None:
    maker = Maker(fhir, 0, 1)
    missing = set(maker.table.names(kind)) - {"modifierExtension", "implicitRules"}
    for seed in range(100):
        missing -= made(fhir, kind, seed, 0.5).keys() if missing else set()
    assert missing == set()
