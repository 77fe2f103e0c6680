"""The mapping: records to FHIR resources and back, by the rule files in `mappings/`."""

from fhircase.mapping.bundles import ReadEach, Readings, Refused, entries, from_bundle, refusal
from fhircase.mapping.reading import Reading, from_fhir
from fhircase.mapping.writing import Placed, to_fhir, write

__all__ = [
    "Placed",
    "ReadEach",
    "Reading",
    "Readings",
    "Refused",
    "entries",
    "from_bundle",
    "from_fhir",
    "refusal",
    "to_fhir",
    "write",
]
