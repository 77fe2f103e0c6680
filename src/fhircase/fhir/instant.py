"""FHIR instants as Python's."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from fhircase.fhir.lenient import object_at, text_at


def instant(text: str) -> datetime | None:
    """Read a FHIR instant; None where there is none, or it has no offset.

    Source: https://hl7.org/fhir/R4/datatypes.html#instant
    """
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else None
    return None


def last_updated(resource: Mapping[str, Any] | None) -> datetime | None:
    """When a resource last changed, as its `meta.lastUpdated` says."""
    return instant(text_at(object_at(resource, "meta"), "lastUpdated"))
