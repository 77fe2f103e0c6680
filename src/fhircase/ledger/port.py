"""What the engine asks of a ledger, in its words; tests/ledger/test_behaviour.py says what they mean.

Time is always an argument, with an offset. One ledger object belongs to one thread; open another for
another thread or process, on the same ledger.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, Protocol, Self

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
    Unread,
    Verdict,
)
from fhircase.ledger.states import State


class Ledger(Protocol):
    """The durable truth about what each server holds and is still owed."""

    def unit(self) -> AbstractContextManager[None]:
        """Make everything inside one transaction: all of it happens, or nothing. May be nested."""

    def part(self) -> AbstractContextManager[None]:
        """Make everything inside a part of the unit around it: it can fail as a whole, and the unit goes on."""

    def close(self) -> None:
        """Let go of the store; closing twice is fine."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...

    # -- records ------------------------------------------------------------------------------------

    def keep(self, key: RecordKey, current: bytes, *, now: datetime, local: Local | None = None) -> int:
        """Store a record as it should be seen now, with the local system's base if that changed.

        Returns its revision, which is one higher if `current` differs from what was stored.
        """

    def records(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Record]:
        """Those of the records that are known."""

    def digests(self, keys: Iterable[RecordKey]) -> dict[RecordKey, str]:
        """The local digests of those records that have one; cheap, for telling what is unchanged."""

    def agreed(self, server: str, digests: Iterable[str]) -> frozenset[str]:
        """Those local digests whose record the server holds as it is now: nothing is to be done about them."""

    def revisions(self, keys: Iterable[RecordKey]) -> dict[RecordKey, int]:
        """The revisions of those records that are known."""

    def counts(self, *, given: bool = False) -> dict[str, int]:
        """How many records there are of each kind; or only those that the local system gave itself."""

    def scan(self, kind: str | None = None) -> Iterator[Record]:
        """Every record, in the order they became known, a page in memory at a time."""

    # -- resources ----------------------------------------------------------------------------------

    def resources(self, server: str, keys: Iterable[RecordKey]) -> dict[RecordKey, tuple[Resource, ...]]:
        """What those records are on a server, by role; records that are nothing there are left out."""

    def holders(self, server: str, references: Iterable[str]) -> dict[str, tuple[Resource, ...]]:
        """Which records those references are part of; more than one for a shared resource."""

    def meant(self, server: str, references: Iterable[str]) -> dict[str, tuple[RecordKey, ...]]:
        """The records that those references stand for, and not a part that is the server's or an item of theirs."""

    def held(self, server: str, after: str = "", *, limit: int) -> list[str]:
        """References of what records are on a server, in order, beyond one of them; what belongs to it left out."""

    def keep_resources(self, resources: Iterable[Resource], *, now: datetime) -> None:
        """Store what was agreed; replaces what stood at the same server, record and role."""

    def drop_resource(self, server: str, key: RecordKey, role: str) -> None:
        """Forget a resource, because it is gone from the server or was never the right one."""

    # -- deliveries ---------------------------------------------------------------------------------

    def wish(self, server: str, keys: Iterable[RecordKey], *, now: datetime) -> int:
        """Owe the server the records as they are now; returns how many were not wished so already."""

    def pulled(self, server: str, keys: Iterable[RecordKey], *, now: datetime) -> None:
        """Note that what the server holds is merged into the records as they are now."""

    def release(self, server: str, keys: Iterable[RecordKey], *, now: datetime) -> int:
        """Owe again what was held, refused or agreed; returns how many were."""

    def park(self, server: str, key: RecordKey, verdict: Verdict, *, now: datetime) -> bool:
        """Hold or refuse a record without sending it; False if that may not be said now."""

    def due(self, server: str, *, now: datetime, limit: int | None = None) -> list[Delivery]:
        """What could be claimed now, oldest first."""

    def claim(
        self,
        server: str,
        *,
        owner: str,
        limit: int,
        lease: timedelta,
        now: datetime,
        only: Iterable[RecordKey] | None = None,
    ) -> list[Claim]:
        """Take the right to send up to `limit` records that are due, oldest first, or only those named."""

    def renew(self, claims: Iterable[Claim], *, lease: timedelta, now: datetime) -> int:
        """Extend leases; returns how many of the claims are still good."""

    def settle(self, claim: Claim, verdict: Verdict, *, now: datetime, resources: Iterable[Resource] = ()) -> bool:
        """Say what became of a claim, and keep what was agreed.

        False, and nothing is stored, if the claim was lost meanwhile: somebody else looks after it now.
        """

    def rescue(self, *, now: datetime, dead: Iterable[str] = ()) -> int:
        """Owe again what nobody is sending any more: leases run out, or owners known to be dead."""

    def owners(self) -> frozenset[str]:
        """Who is sending at the moment."""

    def deliveries(self, server: str, keys: Iterable[RecordKey]) -> dict[RecordKey, Delivery]:
        """How far those records got; records never wished there are left out."""

    def in_state(self, state: State, *, server: str | None = None, limit: int | None = None) -> list[Delivery]:
        """Everything in a state, at one server or at all, longest there first."""

    def status(self) -> dict[str, dict[str, dict[str, int]]]:
        """Count records per server and state, and open conflicts; what is being sent counts as owed."""

    def traffic(self, since: datetime) -> dict[str, Traffic]:
        """What goes on with each server, and how many records were agreed since a moment."""

    # -- what both sides changed --------------------------------------------------------------------

    def keep_conflict(self, conflict: Conflict, *, now: datetime) -> bool:
        """Open a conflict; one that ended is open again, and False says that it was open already."""

    def conflicts(self, server: str | None = None, keys: Iterable[RecordKey] | None = None) -> list[Conflict]:
        """Those that are open, of a server or of all, of these records or of all; oldest first."""

    def conflict(self, id_: str) -> Conflict | None:
        """One of them, be it open or ended."""

    def end_conflict(self, id_: str, outcome: Outcome, *, now: datetime) -> bool:
        """Say how a conflict ended, and forget both sides' values; False if it is not open."""

    # -- what else a server needs remembered --------------------------------------------------------

    def cursor(self, server: str, name: str) -> str | None:
        """How far a query has been read."""

    def move_cursor(self, server: str, name: str, position: str, *, now: datetime) -> None:
        """Note how far a query has been read."""

    def facts(self, server: str) -> dict[str, str]:
        """What is known about a server, by name: what it was found to do, whether it is paused, and the like."""

    def keep_fact(self, server: str, name: str, value: str, *, now: datetime) -> None:
        """Note a fact; the last word counts."""

    def drop_fact(self, server: str, name: str) -> None:
        """Forget a fact."""

    def links(self, server: str, names: Iterable[str]) -> dict[str, str]:
        """The server's references for what we call by these names; unknown names are left out."""

    def named(self, server: str, references: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The other way round: our names for these references."""

    def link(self, server: str, name: str, reference: str, *, now: datetime) -> None:
        """Note what a name is on a server; the last word counts."""

    def unlink(self, server: str, names: Iterable[str]) -> None:
        """Forget what these names are on a server."""

    # -- what a mapping could not read, and what a change of it has written -------------------------------

    def keep_unread(self, unread: Unread, *, now: datetime) -> None:
        """Store what could not be read, in place of what stood there of that record; a code keeps its first moment."""

    def unread(self, server: str) -> list[Unread]:
        """Everything of a server that could not be read, oldest first."""

    def drop_unread(self, server: str, keys: Iterable[RecordKey]) -> None:
        """Forget them: they are read now, or gone."""

    def missing(self) -> list[Missing]:
        """The rows that code tables lack, those for which most waits first."""

    def keep_remap(self, remap: Remap, *, now: datetime) -> None:
        """Store how a record can be taken back; replaces what stood there of it."""

    def remaps(self, server: str) -> list[Remap]:
        """Every record of a server that can be taken back."""

    def drop_remap(self, server: str, key: RecordKey) -> None:
        """Forget how to take a record back."""

    # -- inputs that wait until a person says go ----------------------------------------------------------

    def put_by(self, items: Iterable[Braked], *, now: datetime) -> None:
        """Store records that wait; each replaces what waits for the same server of the same record."""

    def put_by_for(self, server: str, keys: Iterable[RecordKey] | None = None) -> Iterator[Braked]:
        """What waits for a server, in the order it came, or only of those records; a page in memory at a time."""

    def drop_put_by(self, server: str, keys: Iterable[RecordKey] | None = None) -> int:
        """Forget what waits, all of it or of those records; returns how much that was."""

    def count_put_by(self) -> dict[str, int]:
        """How many records wait, per server; servers without any are left out."""

    # -- the ledger as a whole -----------------------------------------------------------------------------

    def damage(self) -> list[str]:
        """What is wrong with how it is stored, in plain words."""

    def dump(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Everything in it as of one moment: each row, with the name of what it is a row of.

        The first is of `ledger`: the `version` of its tables, and the last `position` that the feed has given out.
        """

    def load(self, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> int:
        """Fill an empty ledger with what a `dump` gave, wholly or not at all; returns how many rows.

        Where bytes belong, text may stand for them.

        Raises:
            LedgerError: it is not empty.
            InvalidInput: a row does not fit, or all of it is of another version; the last row taken is the wrong one.
        """

    def backup(self, file: str) -> None:
        """Copy it to a new file as it is at one moment, while others go on writing.

        Raises:
            LedgerError: the file is there already, or cannot be written.
        """

    def doubt(self, *, now: datetime) -> int:
        """Take it that servers may have moved on: everything is to be looked up before it is sent.

        Each server gets the fact `restored`. No claim made before is good any more. Returns how many deliveries.
        """

    def idle(self, before: datetime) -> Iterator[RecordKey]:
        """Records that are agreed everywhere and to which nothing has happened since."""

    def thin(self, keys: Iterable[RecordKey]) -> int:
        """Let go of what those records need no more: texts of changes, ended conflicts, what was unread, remaps."""

    def forget(self, keys: Iterable[RecordKey]) -> int:
        """Remove records and all that is about them, on every server; returns how many entries."""

    def keep_forgotten(self, digests: Iterable[str], *, now: datetime) -> None:
        """Note digests by which one person who was forgotten would be known again."""

    def forgotten(self) -> frozenset[str]:
        """All digests of people who were forgotten."""

    def drop_forgotten(self, digest: str) -> int:
        """Forget that a person was forgotten, by one of their digests; returns how many digests."""

    def compact(self) -> None:
        """Give back the room of what is gone, so that nothing of it stays.

        Raises:
            LedgerError: another process keeps it from that.
        """

    # -- news for the local system ------------------------------------------------------------------

    def announce(self, change: Change) -> bool:
        """Append to the feed; False if a change with this id is there already."""

    def changes(self, after: int = 0, *, limit: int | None = None, key: RecordKey | None = None) -> list[Change]:
        """The feed beyond a position, in order, or only of this record.

        No change comes to stand before one that could be read already.
        """

    def drop_texts(self, until: int) -> int:
        """Let go of the records kept with the changes up to a position; returns how many. The changes stay."""
