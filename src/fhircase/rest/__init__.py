"""A FHIR interaction as a generator: it yields requests, is sent responses, returns a value. No I/O here."""
