"""Ask a server what it says it can do."""

from typing import Any

from fhircase.rest.address import Address
from fhircase.rest.answer import resource_of
from fhircase.rest.ask import get
from fhircase.rest.message import Interaction


def capabilities(address: Address) -> Interaction[dict[str, Any]]:
    """Read the server's CapabilityStatement.

    Source: https://hl7.org/fhir/R4/http.html#capabilities
    """
    request = get(address.url("metadata"))
    response = yield request
    return resource_of(request, response, expect="CapabilityStatement") or {}
