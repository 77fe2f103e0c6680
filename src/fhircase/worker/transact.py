"""One bundle on the wire, and what the server holds afterwards; done in a thread that knows no ledger."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic

from fhircase.client import FHIRClient
from fhircase.errors import NotFound, ServerError
from fhircase.exchange.abilities import Delivery
from fhircase.fhir.bundle import Entry, EntryResult
from fhircase.worker.apart import send_apart
from fhircase.worker.fetch import asked


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server did with the entries of a transaction."""

    results: tuple[EntryResult, ...] = ()
    unread: ServerError | None = None
    """Why it is not known what the server holds now, although it was written."""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether all entries were done."""
        return all(result.ok for result in self.results)


def transact(client: FHIRClient, entries: Sequence[Entry], how: Delivery = Delivery.TRANSACTION) -> Answer:
    """Send entries in the way that the server can; what the answer does not show is read.

    Raises:
        ServerError: the server refused them, or nobody knows.
    """
    start = monotonic()
    results = client.transaction(entries) if how is Delivery.TRANSACTION else send_apart(client, entries, how)
    answer = Answer(results, seconds=monotonic() - start)
    try:
        return replace(answer, results=_whole(client, answer.results, how))
    except ServerError as error:
        return replace(answer, unread=error)


def _whole(client: FHIRClient, results: tuple[EntryResult, ...], how: Delivery) -> tuple[EntryResult, ...]:
    missing = [f"{result.type}/{result.id}" for result in results if result.ok and not result.resource]
    if not missing:
        return results
    found, gone = asked(client, missing, how)
    if gone:
        raise NotFound(f"{len(gone)} of the resources written are not there: {', '.join(sorted(gone))}")
    return tuple(
        replace(result, resource=found[place].resource, etag=found[place].etag)
        if (place := f"{result.type}/{result.id}") in found and not result.resource
        else result
        for result in results
    )
