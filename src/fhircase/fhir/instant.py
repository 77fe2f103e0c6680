"""FHIR instants as Python's."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any


def instant(text: object) -> datetime | None:
    """Read a FHIR instant; None where there is none, or it has no offset.

    Source: https://hl7.org/fhir/R4/datatypes.html#instant
    """
    if isinstance(text, str):
        with suppress(ValueError):
            moment = datetime.fromisoformat(text)
            return moment if moment.tzinfo else None
    return None


def last_updated(resource: Mapping[str, Any] | None) -> datetime | None:
    """When a resource last changed, as its `meta.lastUpdated` says."""
    meta = (resource or {}).get("meta")
    return instant(meta.get("lastUpdated")) if isinstance(meta, Mapping) else None
