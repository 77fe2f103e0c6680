"""A real FHIR server on this machine, for demonstrations and tests."""
