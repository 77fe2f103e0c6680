"""The laws of the mapping, checked on resources that exist: what of them does not hold, and where."""

from fhircase.mapping.laws.changes import Donors
from fhircase.mapping.laws.checks import Broken, broken

__all__ = ["Broken", "Donors", "broken"]
