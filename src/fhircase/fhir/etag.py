"""ETags are opaque: kept and sent back exactly as the server gave them.

Source: https://hl7.org/fhir/R4/http.html#concurrency
"""

from collections.abc import Mapping
from typing import Any

from fhircase.fhir.location import Location


def etag_of(given: object, resource: Mapping[str, Any] | None, location: Location) -> str | None:
    """Find the version of a resource: its ETag, or where none came one built from its versionId."""
    if isinstance(given, str) and given:
        return given
    meta = (resource or {}).get("meta")
    version = meta.get("versionId") if isinstance(meta, Mapping) else None
    return built(version or location.version)


def built(version: str | None) -> str | None:
    """Write a version id as the weak ETag that FHIR says a server has for it."""
    return f'W/"{version}"' if version else None
