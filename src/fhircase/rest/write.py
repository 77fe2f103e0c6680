"""Create, update, patch and delete one resource.

Rule: a write is marked repeatable only where the server itself refuses the second one, or where the second
one changes nothing. Everything else whose answer is lost is an UnknownOutcome for the caller to look into.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fhircase.errors import InvalidInput, Problem
from fhircase.fhir.criteria import Criteria, query
from fhircase.fhir.lenient import text_at
from fhircase.rest.address import Address
from fhircase.rest.answer import resource_of
from fhircase.rest.ask import JSON_PATCH, Prefer, get, send
from fhircase.rest.message import Interaction, Request
from fhircase.rest.stored import Stored, stored


def create(
    address: Address,
    resource: Mapping[str, Any],
    *,
    if_none_exist: Criteria | None = None,
    prefer: Prefer | None = "representation",
) -> Interaction[Stored]:
    """Create a resource, with `if_none_exist` only where nothing matches (200 and the match where one does).

    Never repeatable, not even with If-None-Exist: servers duplicate when the first try is still at work.

    Source: https://hl7.org/fhir/R4/http.html#ccreate
    """
    named = type_of(resource)
    criteria = None if if_none_exist is None else query(if_none_exist)
    # The server gives the id; sending one is at best ignored.
    body = {name: value for name, value in resource.items() if name != "id"}
    return _write(send("POST", address.url(named), body, prefer=prefer, if_none_exist=criteria), named)


def update(
    address: Address,
    resource: Mapping[str, Any],
    *,
    if_match: str | None = None,
    where: Criteria | None = None,
    prefer: Prefer | None = "representation",
) -> Interaction[Stored]:
    """Replace a resource: the one with its id, or the single one that `where` matches (created if none does).

    Raises:
        InvalidInput: the resource has no id and there is no `where`.

    Source: https://hl7.org/fhir/R4/http.html#update, https://hl7.org/fhir/R4/http.html#cond-update
    """
    named, own = type_of(resource), str(resource.get("id") or "")
    if where is None and not own:
        raise InvalidInput(
            Problem(
                "a resource to update has no id",
                path=f"{named}.id",
                hint="give it the server's id, or say which one with where=",
            )
        )
    url = address.url(named, own) if where is None else address.url(named, query=query(where))
    request = send("PUT", url, resource, prefer=prefer, if_match=if_match, repeatable=if_match is not None)
    return _write(request, named, own)


def patch(
    address: Address,
    type: str,
    id: str,
    operations: Sequence[Mapping[str, Any]],
    *,
    if_match: str | None = None,
    prefer: Prefer | None = "representation",
) -> Interaction[Stored]:
    """Change places of a resource by JSON Patch.

    Source: https://hl7.org/fhir/R4/http.html#patch
    """
    request = send(
        "PATCH",
        address.url(type, id),
        list(operations),
        kind=JSON_PATCH,
        prefer=prefer,
        if_match=if_match,
        repeatable=if_match is not None,
    )
    return _write(request, type, id)


def delete(address: Address, type: str, id: str, *, if_match: str | None = None) -> Interaction[None]:
    """Delete a resource.

    Source: https://hl7.org/fhir/R4/http.html#delete
    """
    headers = {**get("").headers, **({"If-Match": if_match} if if_match is not None else {})}
    request = Request("DELETE", address.url(type, id), headers, repeatable=True)
    return _delete(request)


def type_of(resource: Mapping[str, Any]) -> str:
    """Name the type of a resource.

    Raises:
        InvalidInput: it does not say.
    """
    named = text_at(resource, "resourceType")
    if not named:
        raise InvalidInput(Problem("a resource does not say its type", path="resourceType"))
    return named


def _write(request: Request, type: str, id: str = "") -> Interaction[Stored]:
    response = yield request
    body = resource_of(request, response)
    return stored(body, response.status, response.headers, type=type, id=id)


def _delete(request: Request) -> Interaction[None]:
    response = yield request
    resource_of(request, response)
