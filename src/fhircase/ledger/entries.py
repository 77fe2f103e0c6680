"""What the ledger holds, as small frozen values. Texts are JSON bytes the ledger never looks into."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from fhircase.errors import Problem
from fhircase.ledger.states import Cause, State


class RecordKey(NamedTuple):
    """Which record: the same for everybody, on every server."""

    kind: str
    namespace: str
    value: str


@dataclass(frozen=True, slots=True)
class Local:
    """What the local system last gave us, or acknowledged receiving."""

    text: bytes
    digest: str
    """Opaque; equal digests mean that nothing needs looking at."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the local system's base, and what it should see now that others' changes are merged in."""

    key: RecordKey
    current: bytes
    revision: int
    """Grows by one at each change of `current`; 1 at first."""
    local: Local | None = None
    """Nothing for a record the local system has not seen yet."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What one part of a record is on one server, as last agreed for that record.

    A resource shared by two records stands here twice, each with its own base: what one record has
    merged, the other may not have seen yet.
    """

    server: str
    key: RecordKey
    role: str
    reference: str
    etag: str | None = None
    agreed: bytes | None = None
    mapping: str = ""
    """Digest of the mapping that read or wrote it."""
    linked: bool = False
    """Belongs to the server; never written by us."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far one record got with one server."""

    server: str
    key: RecordKey
    state: State
    since: datetime
    """When it came into this state."""
    updated: datetime
    wanted: int = 0
    """The newest revision this server should see."""
    sent: int = 0
    """The revision last claimed for sending, or agreed by pulling."""
    attempts: int = 0
    """Claims since it was last agreed or wished anew; snoozes do not count."""
    fence: int = 0
    """Grows at each claim, so that a late answer of a lost claim is told from a valid one."""
    unsure: bool = False
    """It may have reached the server without our knowing: look before sending again."""
    not_before: datetime | None = None
    lease_until: datetime | None = None
    owner: str | None = None
    code: str = ""
    """One word for programs: why it is where it is."""
    reason: str = ""
    """The same in plain words; never a person's data."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send one record, as it was when claimed, until the lease ends."""

    server: str
    record: Record
    owner: str
    fence: int
    attempts: int
    """1 at the first attempt."""
    unsure: bool
    """An earlier attempt may have reached the server: look before sending."""

    @property
    def key(self) -> RecordKey:
        """Which record this is the right to send."""
        return self.record.key


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a record at a server. Only the named constructors make sense; use them."""

    cause: Cause
    code: str = ""
    reason: str = ""
    problems: tuple[Problem, ...] = ()
    not_before: datetime | None = None
    unsure: bool = False
    counts: bool = True
    holds: int | None = None
    """The revision that the server holds, where it is a newer one than was claimed."""

    @classmethod
    def accepted(cls, holds: int | None = None) -> "Verdict":
        """The server holds it: as it was claimed, or this newer revision."""
        return cls(Cause.ACCEPTED, holds=holds)

    @classmethod
    def refused(cls, reason: str, *, code: str = "", problems: tuple[Problem, ...] = ()) -> "Verdict":
        """As it is, it will never be taken: wait for a change of the record or a person."""
        return cls(Cause.REFUSED, code, reason, problems)

    @classmethod
    def held(cls, reason: str, *, code: str = "", problems: tuple[Problem, ...] = ()) -> "Verdict":
        """Something else must be settled first: wait until it is released."""
        return cls(Cause.HELD, code, reason, problems)

    @classmethod
    def later(
        cls,
        not_before: datetime,
        reason: str = "",
        *,
        code: str = "",
        problems: tuple[Problem, ...] = (),
        unsure: bool = False,
        counts: bool = True,
    ) -> "Verdict":
        """Try again, not before then; `unsure` if it may have arrived, `counts=False` for a mere snooze."""
        return cls(Cause.PUT_OFF, code, reason, problems, not_before, unsure, counts)


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """A code that no row of a code table reads, and where it stands."""

    table: str
    code: str
    place: str
    """The element, in the mapping's words."""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Unread:
    """What a server holds of a record that could not be read, kept to be read again when the mapping knows more."""

    server: str
    key: RecordKey
    """Which record; one that the ledger does not hold yet is named by its resource."""
    mapping: str
    """Digest of the mapping that could not read it."""
    text: bytes = field(repr=False)
    codes: tuple[UnknownCode, ...] = ()


@dataclass(frozen=True, slots=True)
class Missing:
    """A row that a code table lacks: what it is about, and how much waits for it."""

    server: str
    table: str
    code: str
    place: str
    records: int
    times: int
    since: datetime
    examples: tuple[RecordKey, ...] = ()
    """Some of the records that wait."""


@dataclass(frozen=True, slots=True)
class Remap:
    """A record that was written anew because the mapping changed, with what is needed to take it back."""

    server: str
    key: RecordKey
    mapping: str
    """Digest of the mapping before."""
    text: bytes = field(repr=False)


class Outcome(StrEnum):
    """How a conflict ended."""

    OURS = "ours"
    """What our side says was sent."""
    THEIRS = "theirs"
    """What the server says stands."""
    EDITED = "edited"
    """A person said something else."""
    SAME = "same"
    """Both sides came to say the same."""
    MOVED = "moved"
    """One side said something else again: another conflict is in its place."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One place of a record at which our side and a server say different things, and nobody has decided.

    The values are JSON, and gone once it has ended.
    """

    id: str
    """Given by whoever finds it and derived from what both sides say, so that it is another one when that changes."""
    server: str
    key: RecordKey
    path: str
    ours: bytes | None = field(default=None, repr=False)
    """None: this side says nothing there."""
    theirs: bytes | None = field(default=None, repr=False)
    base: bytes | None = field(default=None, repr=False)
    """What both last agreed on."""
    since: datetime | None = None
    """When it was found; given by the ledger."""
    said: datetime | None = None
    """When the server says that theirs was written, if it does."""
    reference: str = ""
    """Where on the server."""
    outcome: Outcome | None = None
    """How it ended; nothing while it is open."""
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Braked:
    """A record of an input that waits until a person says go."""

    server: str
    key: RecordKey
    text: bytes = field(repr=False)
    seen: str
    """Digest of the text it came as."""
    base: str = ""
    """The record's local digest when it was put by; another one later tells that a newer input came past it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One piece of news for the local system."""

    id: str
    """Given by whoever announces it and derived from what happened, so that the same news has one id."""
    key: RecordKey
    revision: int
    when: datetime
    source: str
    """The server that said so."""
    fields: tuple[str, ...]
    """Names of the fields that changed; never their values."""
    position: int = 0
    """Where it stands in the feed, given by the ledger: the cursor to read on from."""
    text: bytes | None = field(default=None, repr=False)
    """The record as of this change; nothing where it was let go of after it was received."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What goes on between us and one server."""

    owed: int = 0
    sending: int = 0
    """How many of these are on their way right now."""
    oldest: datetime | None = None
    """Since when the longest waiting one has been owed."""
    due: datetime | None = None
    """When the next one is to be tried; nothing where one can be tried now, or none is owed."""
    settled: int = 0
    """Records agreed since the moment asked about."""
    code: str = ""
    """Why the last one did not go through that still has not."""
    reason: str = ""
    when: datetime | None = None
