"""What each server holds and is still owed: the durable truth about the exchange."""

import os

from fhircase.errors import LedgerError
from fhircase.ledger.entries import (
    Braked,
    Change,
    Claim,
    Conflict,
    Delivery,
    Local,
    Missing,
    Outcome,
    Record,
    RecordKey,
    Remap,
    Resource,
    Traffic,
    UnknownCode,
    Unread,
    Verdict,
)
from fhircase.ledger.port import Ledger
from fhircase.ledger.states import Cause, State
from fhircase.ledger.stores import stores

__all__ = [
    "Braked",
    "Cause",
    "Change",
    "Claim",
    "Conflict",
    "Delivery",
    "Ledger",
    "Local",
    "Missing",
    "Outcome",
    "Record",
    "RecordKey",
    "Remap",
    "Resource",
    "State",
    "Traffic",
    "UnknownCode",
    "Unread",
    "Verdict",
    "open_ledger",
]

FILE = "sqlite"
"""The store for a location that is a plain path."""


def open_ledger(location: str | os.PathLike[str], *, create: bool = True) -> Ledger:
    """Open a ledger: a path, or `scheme:...` for another store.

    Raises:
        LedgerError: it is not there (and `create` is off), not a ledger, or newer than this program.
    """
    text = os.fspath(location)
    scheme, colon, _ = text.partition("://")
    if not colon:
        return stores()[FILE].open_store(text, create=create)
    if scheme not in stores():
        raise LedgerError(f"no ledger can be kept in {scheme}://; known: a file path, {', '.join(stores())}")
    return stores()[scheme].open_store(text, create=create)
