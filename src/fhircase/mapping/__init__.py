"""The mapping: records to FHIR resources and back, by the rule files in `mappings/`."""

from fhircase.mapping.bundles import Readings, Refused, from_bundle
from fhircase.mapping.reading import Reading, from_fhir
from fhircase.mapping.writing import Placed, to_fhir, write

__all__ = ["Placed", "Reading", "Readings", "Refused", "from_bundle", "from_fhir", "to_fhir", "write"]
