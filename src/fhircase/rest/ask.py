"""The requests that FHIR interactions are made of: headers, bodies, and which may be sent twice."""

from typing import Any, Literal, TypeAlias

from fhircase.fhir import jsontext
from fhircase.rest.message import Request

FHIR_JSON = "application/fhir+json"
JSON_PATCH = "application/json-patch+json"
FORM = "application/x-www-form-urlencoded"

Prefer: TypeAlias = Literal["representation", "minimal", "OperationOutcome"]
"""What a server is asked to answer a write with. Some answer as they like."""


def get(url: str, *, fresh: bool = False) -> Request:
    """Ask for something; `fresh` asks servers that cache searches (HAPI: 60 s) not to."""
    headers = {"Accept": FHIR_JSON, **({"Cache-Control": "no-cache"} if fresh else {})}
    return Request("GET", url, headers, repeatable=True)


def form(url: str, fields: str) -> Request:
    """Ask for something with the criteria in the body, where no proxy logs them and no URL gets too long."""
    headers = {"Accept": FHIR_JSON, "Content-Type": FORM, "Cache-Control": "no-cache"}
    return Request("POST", url, headers, fields.encode(), repeatable=True)


def send(
    method: str,
    url: str,
    value: Any,
    *,
    kind: str = FHIR_JSON,
    prefer: Prefer | None = None,
    if_match: str | None = None,
    if_none_exist: str | None = None,
    repeatable: bool = False,
) -> Request:
    """Write something. Bodies are never compressed: servers exist that answer 500 to gzip."""
    headers = {"Accept": FHIR_JSON, "Content-Type": kind}
    if prefer:
        headers["Prefer"] = f"return={prefer}"
    if if_match is not None:
        headers["If-Match"] = if_match
    if if_none_exist is not None:
        headers["If-None-Exist"] = if_none_exist
    return Request(method, url, headers, jsontext.encode(value), repeatable)
