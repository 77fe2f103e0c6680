"""Send many entries as one request: wholly or not at all (transaction), or each for itself (batch)."""

from collections.abc import Mapping
from typing import Any

from fhircase.errors import InvalidInput, Rejected, UnknownOutcome
from fhircase.fhir.bundle import EntryResult, repeatable, results
from fhircase.rest.address import Address, shown
from fhircase.rest.answer import rejection, resource_of
from fhircase.rest.ask import Prefer, send
from fhircase.rest.message import Interaction


def submit(
    address: Address, bundle: Mapping[str, Any], *, prefer: Prefer | None = "representation"
) -> Interaction[tuple[EntryResult, ...]]:
    """Send a transaction or batch; the results stand in the order of the entries.

    A transaction that the server refuses raises; an entry of a batch that fails is a result that is not `ok`,
    as is one of a transaction on a server that does not roll back.

    Raises:
        UnknownOutcome: the answer has not as many entries as were sent.

    Source: https://hl7.org/fhir/R4/http.html#transaction
    """
    # Without a trailing slash: servers may route `[base]` and `[base]/` differently, and FHIR says `[base]`.
    request = send("POST", address.base_url, bundle, prefer=prefer, repeatable=repeatable(bundle))
    response = yield request
    answer = resource_of(request, response, expect="Bundle") or {}
    try:
        return results(bundle, answer)
    except InvalidInput as error:
        raise UnknownOutcome(
            f"POST {shown(request.url)}: {error}", url=shown(request.url), status=response.status
        ) from None


def failure(result: EntryResult) -> Rejected | None:
    """Make the error that a failed entry would have been on its own; None if it did not fail."""
    if result.ok:
        return None
    return rejection(result.status, result.issues, method=result.method, url=f"{result.type}/{result.id}")
