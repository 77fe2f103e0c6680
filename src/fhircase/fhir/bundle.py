"""Transactions and batches: entries made from resources, and the answer read entry by entry.

Source: https://hl7.org/fhir/R4/http.html#transaction
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from fhircase.errors import InvalidInput, Problem
from fhircase.fhir.binary import json_patch
from fhircase.fhir.criteria import Criteria, query
from fhircase.fhir.etag import etag_of
from fhircase.fhir.instant import instant, last_updated
from fhircase.fhir.lenient import object_at, objects_at, text_at
from fhircase.fhir.location import Location
from fhircase.fhir.outcome import Issue, issues_of

Entry: TypeAlias = dict[str, Any]
"""One entry of a bundle, as FHIR JSON."""


def create(resource: Mapping[str, Any], *, if_none_exist: Criteria | None = None) -> Entry:
    """Make the entry that creates a resource.

    A resource that others of the bundle refer to carries a UUID of ours as its `id`, and they say
    `urn:uuid:<id>`; the server puts its own id in both places.

    Raises:
        InvalidInput: the `id` is no UUID, so it looks like a server's.

    Source: https://hl7.org/fhir/R4/bundle.html#fullUrl
    """
    named = _type(resource)
    entry: Entry = {}
    if resource.get("id") is not None:
        entry["fullUrl"] = f"urn:uuid:{_uuid(resource['id'], named)}"
    entry["resource"] = {name: value for name, value in resource.items() if name != "id"}
    entry["request"] = {"method": "POST", "url": named}
    if if_none_exist is not None:
        entry["request"]["ifNoneExist"] = query(if_none_exist)
    return entry


def update(resource: Mapping[str, Any], *, if_match: str | None = None, where: Criteria | None = None) -> Entry:
    """Make the entry that replaces a resource: the one with its id, or the one that `where` matches.

    Raises:
        InvalidInput: the resource has no id and there is no `where`.
    """
    named, own = _type(resource), resource.get("id")
    if where is None and not own:
        raise InvalidInput(Problem("a resource to update has no id", path=f"{named}.id"))
    url = f"{named}/{own}" if where is None else f"{named}?{query(where)}"
    return {"resource": dict(resource), "request": _request("PUT", url, if_match)}


def patch(type: str, id: str, operations: Sequence[Mapping[str, Any]], *, if_match: str | None = None) -> Entry:
    """Make the entry that changes places of a resource by JSON Patch, wrapped in a Binary as FHIR wants it.

    Source: https://hl7.org/fhir/R4/http.html#patch
    """
    return {"resource": json_patch(operations), "request": _request("PATCH", f"{type}/{id}", if_match)}


def delete(type: str, id: str, *, if_match: str | None = None) -> Entry:
    """Make the entry that deletes a resource."""
    return {"request": _request("DELETE", f"{type}/{id}", if_match)}


def read(url: str) -> Entry:
    """Make the entry that reads (`Task/1`) or searches (`Task?status=requested`)."""
    return {"request": _request("GET", url, None)}


def transaction(entries: Iterable[Entry]) -> dict[str, Any]:
    """Put entries into a bundle that is done wholly or not at all."""
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def batch(entries: Iterable[Entry]) -> dict[str, Any]:
    """Put entries into a bundle in which each stands alone."""
    return {"resourceType": "Bundle", "type": "batch", "entry": list(entries)}


def repeatable(bundle: Mapping[str, Any]) -> bool:
    """Whether sending a bundle twice does what sending it once does.

    Only transactions: outside of them servers were seen to duplicate under concurrent `ifNoneExist`.
    """
    requests = [object_at(entry, "request") for entry in objects_at(bundle, "entry")]
    return bundle.get("type") == "transaction" and all(_guarded(request) for request in requests)


@dataclass(frozen=True, slots=True)
class EntryResult:
    """What a server did with one entry. Empty where its answer does not say."""

    method: str
    status: int
    type: str
    id: str
    etag: str | None = None
    location: str | None = None
    last_modified: datetime | None = None
    resource: dict[str, Any] | None = field(default=None, repr=False)
    issues: tuple[Issue, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the entry was done; warnings do not make it fail."""
        return 200 <= self.status < 300 or self.status == 304


def results(sent: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[EntryResult, ...]:
    """Read what a server answered to each entry, in the order they were sent.

    Raises:
        InvalidInput: there are not as many answers as entries, so none can be told whose it is.

    Source: https://hl7.org/fhir/R4/http.html#transaction-response
    """
    asked, answered = objects_at(sent, "entry"), objects_at(answer, "entry")
    if len(asked) != len(answered):
        raise InvalidInput(Problem(f"{len(answered)} answers to {len(asked)} entries", path="Bundle.entry"))
    return tuple(_result(*pair) for pair in zip(asked, answered, strict=True))


def _result(asked: Mapping[str, Any], answered: object) -> EntryResult:
    request, response = object_at(asked, "request"), object_at(answered, "response")
    resource = object_at(answered, "resource") or None
    issues = issues_of(response.get("outcome")) or issues_of(resource)
    named, _, own = text_at(request, "url").partition("?")[0].partition("/")
    found = text_at(resource, "resourceType")
    if request.get("method") == "GET":
        named = found or named
    elif found != named:
        resource = None
    place = Location.read(text_at(response, "location"))
    return EntryResult(
        method=text_at(request, "method"),
        status=_status(response, resource),
        type=place.type or named,
        id=text_at(resource, "id") or place.id or own,
        etag=etag_of(text_at(response, "etag"), resource, place),
        location=text_at(response, "location") or None,
        last_modified=instant(text_at(response, "lastModified")) or last_updated(resource),
        resource=resource,
        issues=issues,
    )


def _status(response: Mapping[str, Any], resource: object) -> int:
    digits = text_at(response, "status").strip()[:3]
    if digits.isdecimal():
        return int(digits)
    # A read's resource alone says it worked; without anything nothing does.
    return 200 if resource else 0


def _request(method: str, url: str, if_match: str | None) -> dict[str, str]:
    request = {"method": method, "url": url}
    if if_match is not None:
        request["ifMatch"] = if_match
    return request


def _guarded(request: Mapping[str, Any]) -> bool:
    guards = {"POST": "ifNoneExist", "PUT": "ifMatch", "PATCH": "ifMatch"}
    method = str(request.get("method"))
    return method in ("GET", "HEAD", "DELETE") or bool(request.get(guards.get(method, "")))


def _type(resource: Mapping[str, Any]) -> str:
    named = text_at(resource, "resourceType")
    if not named:
        raise InvalidInput(Problem("a resource does not say its type", path="resourceType"))
    return named


def _uuid(id: object, type: str) -> str:
    try:
        UUID(str(id))
    except ValueError:
        raise InvalidInput(
            Problem(
                "a resource to create has an id that is no UUID",
                path=f"{type}.id",
                hint="drop the id, or update the resource instead",
            )
        ) from None
    return str(id)
