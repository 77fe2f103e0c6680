"""Entries sent to a server without transactions: each stands alone, so each is told by itself what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fhircase.client import FHIRClient
from fhircase.errors import ServerError
from fhircase.exchange.abilities import Delivery
from fhircase.exchange.stepwise import filled, names, steps
from fhircase.fhir.bundle import Entry, EntryResult
from fhircase.rest.stored import Stored

NOT_SENT = 424
"""Failed Dependency: what it refers to was not taken, so it was not sent."""


def send_apart(client: FHIRClient, entries: Sequence[Entry], how: Delivery) -> tuple[EntryResult, ...]:
    """Send entries step by step; results stand in their order, and one that failed is not `ok`.

    Raises:
        ServerError: the first step got no answer; what comes later tells the entries that have none.
    """
    results: dict[int, EntryResult] = {}
    known: dict[str, str] = {}
    lost: set[str] = set()
    for step in steps(entries):
        fine = [number for number in step if lost.isdisjoint(names(entries[number]))]
        results |= {number: _result(entries[number], NOT_SENT) for number in step if number not in fine}
        results |= _step(client, {number: filled(entries[number], known) for number in fine}, how, first=not results)
        for number in step:
            place, result = str(entries[number].get("fullUrl", "")), results[number]
            if result.ok:
                known[place] = f"{result.type}/{result.id}"
            else:
                lost.add(place)
    return tuple(results[number] for number in range(len(entries)))


def _step(client: FHIRClient, entries: Mapping[int, Entry], how: Delivery, *, first: bool) -> dict[int, EntryResult]:
    if not entries:
        return {}
    try:
        if how is Delivery.BATCH:
            return dict(zip(entries, client.batch(entries.values()), strict=True))
        return {number: _single(client, entry) for number, entry in entries.items()}
    except ServerError as error:
        if first and (how is Delivery.BATCH or len(entries) == 1):
            raise
        # An earlier step was done: who knows what became of this one looks for it.
        return {number: _result(entry, error.status or 0) for number, entry in entries.items()}


def _single(client: FHIRClient, entry: Entry) -> EntryResult:
    request, resource = entry["request"], entry["resource"]
    try:
        if request["method"] == "POST":
            stored = client.create(resource, if_none_exist=request.get("ifNoneExist"))
        else:
            stored = client.update(resource, if_match=request.get("ifMatch"))
    except ServerError as error:
        if error.status is None:
            return _result(entry, 0)
        return replace(_result(entry, error.status), issues=tuple(error.issues))  # type: ignore[arg-type]
    return _of(stored, str(request["method"]))


def _of(stored: Stored, method: str) -> EntryResult:
    return EntryResult(method, stored.status, stored.type, stored.id, stored.etag, resource=stored.resource)


def _result(entry: Entry, status: int) -> EntryResult:
    request = entry["request"]
    return EntryResult(str(request["method"]), status, str(entry["resource"]["resourceType"]), "")
