"""Whose a record is: the client's identifiers, or the records that say it in its stead."""

from fhircase.exchange.links import ledger_key, meant
from fhircase.ledger import RecordKey
from fhircase.model import Case, Identifier, Link, Record

_OWNERS = ("client", "case", "plan", "concerns")
"""Links to what a record belongs to; what it merely mentions says nothing about whose it is."""


def tokens(record: Record) -> frozenset[str]:
    """The identifiers of the record's client, as `system|value`."""
    if isinstance(record, Case):
        link = record.client.link
        named = [*record.client.identifiers, *([link.identifier] if link and link.identifier else [])]
    else:
        link = getattr(record, "client", None)
        named = [link.identifier] if link and link.identifier else []
    return frozenset(map(_token, named))


def references(record: Record) -> frozenset[str]:
    """Where the client is known by an address on a server only: that."""
    link = record.client.link if isinstance(record, Case) else getattr(record, "client", None)
    return frozenset([link.reference] if link and link.reference else [])


def owners(record: Record) -> frozenset[RecordKey]:
    """The records whose client is this one's, too."""
    links = (getattr(record, name, None) for name in _OWNERS)
    keys = (link.record for link in links if isinstance(link, Link) and link.record)
    return frozenset(each for key in keys for each in meant(ledger_key(key)))


def _token(identifier: Identifier) -> str:
    return f"{identifier.system or ''}|{identifier.value or ''}"
