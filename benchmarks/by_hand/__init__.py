"""The referral's mapping as somebody would write it by hand, in two ways: what the engine is measured against.

Both do the same work as `mappings/referral.yaml` in FHIR R4, for a new record: a test holds them to it.
"""
