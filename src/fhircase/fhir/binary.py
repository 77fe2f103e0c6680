"""What travels inside a Binary."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from fhircase.fhir import jsontext


def json_patch(operations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Wrap a JSON Patch for a bundle entry.

    Source: https://hl7.org/fhir/R4/http.html#patch
    """
    data = b64encode(jsontext.encode(list(operations))).decode()
    return {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}
