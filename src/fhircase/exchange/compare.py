"""How a record stands on both sides: what a reconciliation says of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from fhircase.exchange.changes import changed
from fhircase.exchange.equality import same
from fhircase.ledger import RecordKey
from fhircase.model import Record


class Stands(StrEnum):
    """How a record stands."""

    SAME = "same"
    OURS = "ours newer"
    THEIRS = "theirs newer"
    NOT_THERE = "missing there"
    NOT_HERE = "missing here"
    DOUBLED = "doubled"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one record. Ids and paths only, never values."""

    key: RecordKey
    stands: Stands
    references: tuple[str, ...] = ()
    """What it is about on the server."""
    ours: tuple[str, ...] = ()
    """Fields that we say otherwise than was agreed."""
    theirs: tuple[str, ...] = ()
    """Fields that the server says otherwise than was agreed."""
    repaired: bool = False
    hint: str = ""
    """What was done, or what to do."""


def compared(ours: Record, agreed: Record | None, theirs: Record) -> tuple[Stands, Sequence[str], Sequence[str]]:
    """How a record stands that is on both sides, with the fields that each side changed since both agreed.

    Where both changed something it is theirs that comes first: it has to be merged in before ours can be sent.
    """
    said, heard = (changed(agreed, ours), changed(agreed, theirs)) if agreed else ((), changed(ours, theirs))
    if same(ours, theirs):
        return Stands.SAME, (), ()
    return (Stands.THEIRS if heard else Stands.OURS), said, heard
