"""What an HTTP answer means: a FHIR resource, or one of our errors that shows no body and no query value."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, NoReturn

from fhircase.errors import (
    Broken,
    Conflict,
    NotAllowed,
    NotFHIR,
    NotFound,
    Rejected,
    ServerError,
    Throttled,
    UnknownOutcome,
)
from fhircase.fhir import jsontext
from fhircase.fhir.outcome import Issue, failures, issues_of
from fhircase.rest.address import shown
from fhircase.rest.message import Request, Response
from fhircase.rest.moment import retry_after

_ERRORS: dict[int, type[Rejected]] = {
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    410: NotFound,
    409: Conflict,
    412: Conflict,
    429: Throttled,
}
_MEAN_THE_SAME_FROM_ANYBODY = (401, 403, 407, 409, 412, 413, 429)
"""A proxy's HTML page with one of these says what a FHIR server would; its 400 or 404 does not."""
_SAFE = ("GET", "HEAD")


def resource_of(request: Request, response: Response, *, expect: str = "") -> dict[str, Any] | None:
    """Take the resource out of a successful answer; None where the server sent no body.

    Raises:
        Rejected: the server answered with an error; the subclass says which.
        UnknownOutcome: a gateway answered a write (502, 504) without knowing whether the server did it.
        NotFHIR: the answer is no FHIR JSON, or not the type of resource asked for.

    Source: https://hl7.org/fhir/R4/http.html#Status-Codes
    """
    if not 200 <= response.status < 300:
        _reject(request, response)
    if not response.body.strip():
        if expect:
            raise _not_fhir(request, response, f"an empty body where a {expect} was asked for")
        return None
    resource = _parsed(response)
    if resource is None and response.status == 201 and not expect:
        return None  # Only who made something says 201, so it is made, whatever the body is.
    if resource is None:
        raise _not_fhir(request, response, "a body that is no FHIR JSON")
    if expect and resource["resourceType"] != expect:
        if failures(issues_of(resource)):
            _reject(request, response)
        raise _not_fhir(request, response, f"another type of resource where a {expect} was asked for")
    return resource


def rejection(
    status: int, issues: Iterable[Issue], *, method: str, url: str, headers: Mapping[str, str] | None = None
) -> Rejected:
    """Make the error that an HTTP status stands for, with its OperationOutcome in plain words."""
    issues = failures(issues)
    kind = Broken if status >= 500 else _ERRORS.get(status, Rejected)
    text = f"{method} {shown(url)}: {status} {_phrase(status)}".rstrip()
    reasons = "; ".join(dict.fromkeys(str(issue) for issue in issues))
    return kind(
        f"{text}: {reasons}" if reasons else text,
        url=shown(url),
        status=status,
        issues=issues,
        after=retry_after(headers or {}),
    )


def _reject(request: Request, response: Response) -> NoReturn:
    status, outcome = response.status, _parsed(response)
    if status in (502, 504) and request.method not in _SAFE and not outcome:
        raise UnknownOutcome(
            f"{request.method} {shown(request.url)}: a gateway answered {status}, it may be done",
            url=shown(request.url),
            status=status,
            after=retry_after(response.headers),
        )
    if 300 <= status < 400:
        raise _not_fhir(request, response, "a redirect that cannot be followed")
    foreign = response.body.strip() and outcome is None
    if foreign and status < 500 and status not in _MEAN_THE_SAME_FROM_ANYBODY:
        raise _not_fhir(request, response, "a body that is no FHIR JSON")
    raise rejection(status, issues_of(outcome), method=request.method, url=request.url, headers=response.headers)


def _parsed(response: Response) -> dict[str, Any] | None:
    try:
        value = jsontext.decode(response.body)
    except ValueError:
        return None
    return value if isinstance(value, dict) and isinstance(value.get("resourceType"), str) else None


def _not_fhir(request: Request, response: Response, what: str) -> ServerError:
    kind = response.headers.get("content-type", "none").split(";")[0].strip()
    hint = "is a login page or proxy in between?" if "html" in kind else "is base_url the FHIR endpoint?"
    return NotFHIR(
        f"{request.method} {shown(request.url)}: {response.status}, content type {kind}: {what}; {hint}",
        url=shown(request.url),
        status=response.status,
    )


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
