"""Typed objects at the edge, for those who want them."""

import subprocess
import sys

import pytest

from fhircase.errors import InvalidInput
from fhircase.fhir.typed import typed


@pytest.mark.parametrize(("version", "module"), [("R4", "R4B"), ("R4B", "R4B"), ("R5", "patient")])
def test_a_resource_becomes_an_object_of_its_version(version: str, module: str) -> None:
    found = typed({"resourceType": "Patient", "birthDate": "1970-01-01"}, version)
    assert found.birthDate.year == 1970
    assert module in type(found).__module__


def test_all_that_is_wrong_is_told_without_values() -> None:
    with pytest.raises(InvalidInput) as caught:
        typed({"resourceType": "Patient", "birthDate": "Jane", "nmae": [{"family": "Doe"}], "active": "Doe"}, "R4")
    paths = [problem.path for problem in caught.value.problems]
    assert {"Patient.birthDate", "Patient.nmae", "Patient.active"} <= set(paths)
    assert "Jane" not in str(caught.value)
    assert "Doe" not in str(caught.value)


@pytest.mark.parametrize("kind", ["Nonsense", "../os", "", 3, None, "Fhirtypes"])
def test_a_type_that_is_none_is_told(kind: object) -> None:
    with pytest.raises(InvalidInput, match="no resource of this type"):
        typed({"resourceType": kind})


def test_an_unknown_version_is_told() -> None:
    with pytest.raises(InvalidInput, match="fhircase speaks R4, R4B, R5"):
        typed({"resourceType": "Patient"}, "R3")


def test_fhir_resources_is_loaded_only_when_a_resource_is_typed() -> None:
    code = "import sys, fhircase; fhircase.typed; assert not [m for m in sys.modules if m.startswith('fhir.')]"
    subprocess.run([sys.executable, "-c", code], check=True)
