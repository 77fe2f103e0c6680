"""Which other records a record names."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from fhircase.ledger import RecordKey
from fhircase.model import Key, Link, Record

OWNERS = {"need": ("case",), "goal": ("care-plan",), "consent": ("case", "care-plan")}
"""A need, goal or consent that is no record of its own is an item of one of these; its key's value is `owner:item`."""


def ledger_key(key: Key) -> RecordKey:
    """A record's key as the ledger has it."""
    return RecordKey(key.kind, key.namespace, key.value)


def key_of(record: Record) -> RecordKey:
    """Which record this is.

    Raises:
        ValueError: it is an item of another record and has no key of its own.
    """
    if record.key is None:
        raise ValueError("only a record with a key of its own can be sent or kept")
    return ledger_key(record.key)


def model_key(key: RecordKey) -> Key:
    """A record's key as the models have it."""
    return Key.model_validate(key._asdict())


def named_by(record: BaseModel) -> frozenset[RecordKey]:
    """The records that a record links to; for an item of another record that one, too."""
    return frozenset(key for link in _links(record) if link.record for key in meant(ledger_key(link.record)))


def meant(key: RecordKey) -> Iterator[RecordKey]:
    """The record of this key, and those whose item it may be."""
    yield key
    owner, colon, _ = key.value.rpartition(":")
    for kind in OWNERS.get(key.kind, ()) if colon else ():
        yield RecordKey(kind, key.namespace, owner)


def _links(record: BaseModel) -> Iterator[Link]:
    # A list of what is still to be seen is several times as fast as functions that call each other.
    todo: list[Any] = [record]
    while todo:
        each = todo.pop()
        if isinstance(each, Link):
            yield each
        else:
            inside = vars(each).values() if isinstance(each, BaseModel) else each
            todo += [inner for inner in inside if isinstance(inner, BaseModel | tuple)]
