"""What each server holds and is still owed: the durable truth about the exchange."""

import os
from datetime import datetime

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
from fhircase.ledger.stores import Store, stores

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
    "restore_ledger",
]

FILE = "sqlite"
"""The store for a location that is a plain path."""


def open_ledger(location: str | os.PathLike[str], *, create: bool = True) -> Ledger:
    """Open a ledger: a path, or `scheme:...` for another store.

    Raises:
        LedgerError: it is not there (and `create` is off), not a ledger, or newer than this program.
    """
    store, text = _store(location)
    return store.open_store(text, create=create)


def restore_ledger(location: str | os.PathLike[str], file: str | os.PathLike[str], *, now: datetime) -> None:
    """Put a backup in a ledger's place, also while others have it open: all of it at once, or nothing.

    Everything in it is in doubt then: the next exchange with each server pulls first, and looks before it sends.

    Raises:
        LedgerError: the backup is not there, not a ledger, newer than this program or damaged.
    """
    store, text = _store(location)
    store.restore_store(text, os.fspath(file), now=now)


def _store(location: str | os.PathLike[str]) -> tuple[Store, str]:
    text = os.fspath(location)
    scheme, colon, _ = text.partition("://")
    if not colon:
        return stores()[FILE], text
    if scheme not in stores():
        raise LedgerError(f"no ledger can be kept in {scheme}://; known: a file path, {', '.join(stores())}")
    return stores()[scheme], text
