"""ETags are opaque: kept and sent back exactly as the server gave them.

Source: https://hl7.org/fhir/R4/http.html#concurrency
"""

from collections.abc import Mapping
from typing import Any

from fhircase.fhir.lenient import object_at, text_at
from fhircase.fhir.location import Location


def etag_of(given: str, resource: Mapping[str, Any] | None, location: Location) -> str | None:
    """Find the version of a resource: its ETag, or where none came one built from its versionId."""
    return given or built(text_at(object_at(resource, "meta"), "versionId") or location.version)


def built(version: str | None) -> str | None:
    """Write a version id as the weak ETag that FHIR says a server has for it."""
    return f'W/"{version}"' if version else None
