"""Everything that can be told about a ledger's health: the file, each text in it, and how its parts fit."""

from collections.abc import Iterator

from fhircase.errors import InvalidInput
from fhircase.exchange.links import key_of
from fhircase.exchange.people import reference_of
from fhircase.fhir import jsontext
from fhircase.ledger import Delivery, Ledger, Record, RecordKey, State
from fhircase.worker.texts import record_of


def verify(ledger: Ledger) -> Iterator[str]:
    """Each thing that is wrong, in plain words; places and keys, never values."""
    yield from ledger.damage()
    servers = list(ledger.status()["servers"])
    for record in ledger.scan():
        yield from _record(record)
        for server in servers:
            yield from _resources(ledger, server, record.key)
    for state in State:
        for delivery in ledger.in_state(state):
            yield from _delivery(ledger, delivery)
    for server in servers:
        for unread in ledger.unread(server):
            yield from _json(f"what could not be read of {_named(unread.key)} on {server}", unread.text)
    for server in ledger.count_put_by():
        for item in ledger.put_by_for(server):
            yield from _model(item.key, item.text, "text that waits for a release")


def _record(record: Record) -> Iterator[str]:
    yield from _model(record.key, record.current, "current text")
    if record.local is not None:
        yield from _model(record.key, record.local.text, "local text")
        if record.local.digest and not _is_digest(record.local.digest):
            yield f"{_named(record.key)}: the local digest is none"


def _model(key: RecordKey, text: bytes, which: str) -> Iterator[str]:
    try:
        if key_of(record_of(text)) != key:
            yield f"{_named(key)}: the {which} is of another record"
    except InvalidInput as error:
        yield f"{_named(key)}: the {which} is not valid: {error.problems[0]}"
    except (ValueError, KeyError, TypeError, AttributeError):
        yield f"{_named(key)}: the {which} is no record"


def _resources(ledger: Ledger, server: str, key: RecordKey) -> Iterator[str]:
    for row in ledger.resources(server, [key]).get(key, ()):
        where = f"{_named(key)}, {row.role} on {server}"
        if row.agreed is not None:
            yield from _json(where, row.agreed, row.reference)


def _json(where: str, text: bytes, reference: str = "") -> Iterator[str]:
    try:
        data = jsontext.decode(text)
        if reference and reference_of(data) != reference:
            yield f"{where}: the text is of another resource"
    except (ValueError, KeyError, TypeError):
        yield f"{where}: the text is no FHIR JSON"


def _delivery(ledger: Ledger, delivery: Delivery) -> Iterator[str]:
    where = f"{_named(delivery.key)} at {delivery.server}"
    revision = ledger.revisions([delivery.key]).get(delivery.key, 0)
    if max(delivery.wanted, delivery.sent) > revision:
        yield f"{where}: a revision is wanted that is not there"
    if delivery.state is State.AGREED and delivery.sent < delivery.wanted:
        yield f"{where}: agreed, though a newer revision was wanted than was sent"
    if (delivery.state is State.SENDING) != (delivery.owner is not None):
        yield f"{where}: {delivery.state}, and {'nobody' if delivery.owner is None else 'somebody'} sends it"


def _is_digest(text: str) -> bool:
    return len(text) == 32 and set(text) <= set("0123456789abcdef")


def _named(key: RecordKey) -> str:
    return f"{key.kind} {key.namespace}|{key.value}"
