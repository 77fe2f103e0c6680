"""What FHIR says, without a wire: JSON, elements, Bundles, outcomes."""
