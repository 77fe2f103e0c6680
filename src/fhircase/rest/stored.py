"""What a server holds after an interaction, as far as its answer says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fhircase.fhir.etag import etag_of
from fhircase.fhir.instant import last_updated
from fhircase.fhir.lenient import text_at
from fhircase.fhir.location import Location
from fhircase.rest.moment import http_date


@dataclass(frozen=True, slots=True)
class Stored:
    """One resource on a server. `id` is empty where a server gave neither body nor Location."""

    type: str
    id: str
    etag: str | None
    status: int
    resource: dict[str, Any] | None = field(default=None, repr=False)
    """As the server returned it; None where it sent none (`Prefer: return=minimal`, or its own habit)."""
    location: str | None = None
    last_modified: datetime | None = None

    @property
    def created(self) -> bool:
        """Whether the server made a new resource (201), not changed or found one."""
        return self.status == 201


def stored(body: dict[str, Any] | None, status: int, headers: Mapping[str, str], *, type: str, id: str = "") -> Stored:
    """Put together what body, Location and ETag say; each may be missing.

    Source: https://hl7.org/fhir/R4/http.html#create, https://hl7.org/fhir/R4/http.html#ops
    """
    # With return=OperationOutcome the body is about the write, not what was written.
    resource = body if body is not None and body.get("resourceType") == type else None
    where = headers.get("location") or headers.get("content-location")
    place = Location.read(where)
    known = text_at(resource, "id") or place.id or id
    changed = last_updated(resource) or http_date(headers.get("last-modified"))
    etag = etag_of(headers.get("etag", ""), resource, place)
    return Stored(type, known, etag, status, resource, where, changed)
