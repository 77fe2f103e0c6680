"""Read a resource as it is, as it was, and all it has been."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fhircase.fhir.instant import instant
from fhircase.fhir.lenient import object_at, text_at
from fhircase.fhir.location import Location
from fhircase.rest.address import Address
from fhircase.rest.answer import resource_of
from fhircase.rest.ask import get
from fhircase.rest.message import Interaction
from fhircase.rest.stored import Stored, stored


def read(address: Address, type: str, id: str) -> Interaction[Stored]:
    """Read the current version of a resource.

    Source: https://hl7.org/fhir/R4/http.html#read
    """
    return _read(address.url(type, id), type, id)


def vread(address: Address, type: str, id: str, version: str) -> Interaction[Stored]:
    """Read one version of a resource.

    Source: https://hl7.org/fhir/R4/http.html#vread
    """
    return _read(address.url(type, id, "_history", version), type, id)


def _read(url: str, type: str, id: str) -> Interaction[Stored]:
    request = get(url, fresh=True)
    response = yield request
    resource = resource_of(request, response, expect=type)
    return stored(resource, response.status, response.headers, type=type, id=id)


def versions_of_type(entries: list[dict[str, Any]], type: str) -> Iterator[Stored]:
    """Read the entries of a page of a type's history; of a deletion nothing but the id is told.

    Source: https://hl7.org/fhir/R4/http.html#history
    """
    for entry in entries:
        places = (text_at(object_at(entry, "request"), "url"), text_at(entry, "fullUrl"))
        which = next((place.id for place in map(Location.read, places) if place.id), "")
        yield from versions([entry], type, which)


def versions(entries: list[dict[str, Any]], type: str, id: str) -> Iterator[Stored]:
    """Read the entries of a history page; a deletion has no resource and status 204.

    Source: https://hl7.org/fhir/R4/http.html#history
    """
    for entry in entries:
        answer = object_at(entry, "response")
        deleted = text_at(object_at(entry, "request"), "method") == "DELETE"
        status = text_at(answer, "status")[:3]
        known = 204 if deleted else int(status) if status.isdecimal() else 200
        headers = {name: text_at(answer, name) for name in ("etag", "location")}
        version = stored(object_at(entry, "resource"), known, headers, type=type, id=id)
        changed = version.last_modified or instant(text_at(answer, "lastModified"))
        yield replace(version, last_modified=changed)
