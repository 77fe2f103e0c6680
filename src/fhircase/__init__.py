"""fhircase: cases, care plans and referrals to FHIR and back, losing nothing."""
