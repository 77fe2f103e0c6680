"""What a push or a pull did, in counts and lists that can be shown or written as JSON. No values, no persons."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, LiteralString

from fhircase.errors import Problem
from fhircase.fhir.jsontext import Json
from fhircase.ledger import Conflict, Delivery, Ledger, RecordKey, State
from fhircase.worker.handover import Handover


@dataclass(frozen=True, slots=True)
class Standing:
    """A record that is not where it should be, and why."""

    key: RecordKey
    state: str
    code: str = ""
    reason: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """What a push would do with one resource."""

    key: RecordKey
    role: str
    action: str
    """`create` or `update`."""
    reference: str
    """The server's reference, or the type of what would be created."""
    pointers: tuple[str, ...] = ()
    """JSON Pointers (RFC 6901) that would differ."""
    before: Json | None = field(default=None, repr=False)
    """The server's copy, as it was last seen."""
    after: Json = field(default_factory=dict, repr=False)
    """What it would become."""


class _Report:
    """What both reports can do."""

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        data: dict[str, Any] = asdict(self)  # type: ignore[call-overload]
        for planned in data.get("planned", ()):
            # Whose data it is decides who may see it: a report tells places, never values.
            del planned["before"], planned["after"]
        return data


@dataclass(frozen=True, slots=True)
class Brake:
    """Why an input was not taken in, and how many of its records wait for `fhircase release`."""

    code: str
    """`too-much` or `cut-short`."""
    reasons: tuple[str, ...]
    records: int


@dataclass(frozen=True, slots=True)
class PushReport(_Report):
    """What a push did."""

    server: str
    given: int = 0
    """Records in the input."""
    unchanged: int = 0
    """Of these, how many needed no look."""
    sent: int = 0
    """Records of which something was written."""
    created: int = 0
    """Resources."""
    updated: int = 0
    requests: int = 0
    held: tuple[Standing, ...] = ()
    refused: tuple[Standing, ...] = ()
    conflicts: tuple[Standing, ...] = ()
    owed: tuple[Standing, ...] = ()
    stopped: str = ""
    """Why the push ended before everything was tried; empty if it did not."""
    planned: tuple[Planned, ...] = ()
    """Only of a dry run."""
    remarks: tuple[Standing, ...] = ()
    """What was noticed and needs nobody, such as facts that belong to the server."""
    warnings: tuple[str, ...] = ()
    """What the server cannot do, so that less is certain than elsewhere."""
    braked: Brake | None = None
    """What waits for a person's go, of this input or of an earlier one."""
    outside: int = 0
    """Records of the input whose client is not in the server's pilot; they are kept, and not owed."""

    @property
    def counts(self) -> dict[LiteralString, int]:
        """How many of what, for a log."""
        return {
            "given": self.given,
            "unchanged": self.unchanged,
            "sent": self.sent,
            "resources_created": self.created,
            "resources_updated": self.updated,
            "requests": self.requests,
            "outstanding": self.outstanding,
        }

    @property
    def outstanding(self) -> int:
        """How many records still need something or somebody."""
        return len(self.held) + len(self.refused) + len(self.conflicts) + len(self.owed)


@dataclass(frozen=True, slots=True)
class PullReport(_Report):
    """What a pull did."""

    server: str
    looked_at: int = 0
    """Changed resources that the server named."""
    echoes: int = 0
    """Of these, how many were as agreed: our own writes, or seen before."""
    requests: int = 0
    changes: Handover = field(default_factory=Handover, repr=False)
    """The news since the last pull, also what a push came upon: each change, and the record as it is now."""
    refused: tuple[Standing, ...] = ()
    """What could not be read. It is looked at again next time."""
    conflicts: tuple[Standing, ...] = ()
    stopped: str = ""
    remarks: tuple[Standing, ...] = ()
    held: tuple[Standing, ...] = ()
    """What waits for a row of a code table; it is read again, without asking the server, once the row is there."""
    position: int = 0
    """How far into the feed `changes` reach; `told` notes it once they are safe with whoever asked."""
    unasked: tuple[str, ...] = ()
    """Types the server cannot be asked for; their changes are seen when something else of the record changes."""

    @property
    def counts(self) -> dict[LiteralString, int]:
        """How many of what, for a log."""
        return {
            "looked_at": self.looked_at,
            "echoes": self.echoes,
            "changes": len(self.changes),
            "refused": len(self.refused),
            "held": len(self.held),
            "conflicts": len(self.conflicts),
            "requests": self.requests,
        }

    def as_json(self) -> dict[str, Any]:
        """As plain data; the records themselves are left out."""
        news = [
            {"id": change.id, "key": change.key, "revision": change.revision, "fields": change.fields}
            for change in self.changes.heads()
        ]
        data = asdict(replace(self, changes=Handover()))
        del data["position"]
        return {**data, "changes": news}


@dataclass(frozen=True, slots=True)
class RemapReport(_Report):
    """What a changed mapping rewrites on a server, or rewrote, or what was taken back."""

    server: str
    planned: tuple[Planned, ...] = ()
    """Each resource that is rewritten, with the places that differ."""
    reads: tuple[tuple[RecordKey, tuple[str, ...]], ...] = ()
    """Records that the mapping reads otherwise, and the paths of their fields."""
    same: int = 0
    """Records that the mapping leaves as they are."""
    sent: int = 0
    """Records of which something was written."""
    requests: int = 0
    left: tuple[Standing, ...] = ()
    """What was left alone, and why."""
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Everything at one server that needs something or somebody."""

    held: tuple[Standing, ...]
    refused: tuple[Standing, ...]
    conflicts: tuple[Standing, ...]
    owed: tuple[Standing, ...]


def waiting(ledger: Ledger, server: str) -> Waiting:
    """Ask the ledger what waits."""
    held, refused, owed, sending = (
        standing(ledger.in_state(state, server=server))
        for state in (State.HELD, State.REFUSED, State.OWED, State.SENDING)
    )
    return Waiting(held, refused, disputes(ledger.conflicts(server)), (*owed, *sending))


def overruled(key: RecordKey, problems: tuple[Problem, ...]) -> Standing:
    """Show what a policy did not let come to be of what one side said."""
    return Standing(key, "remark", "overruled", "the mapping says whose word counts", problems)


def disputes(conflicts: Iterable[Conflict]) -> tuple[Standing, ...]:
    """Show the records of which something is in dispute, each with its places; the rest of them goes on."""
    by_key: dict[RecordKey, list[Conflict]] = {}
    for each in conflicts:
        by_key.setdefault(each.key, []).append(each)
    return tuple(
        Standing(
            key,
            "conflict",
            "conflict",
            f"changed on both sides: {', '.join(each.path for each in several)}",
            tuple(
                Problem(
                    "changed here and on the server to different things; the server's stands",
                    each.path,
                    "both sides changed it",
                    f"see `fhircase conflicts show {each.id}`",
                )
                for each in several
            ),
        )
        for key, several in by_key.items()
    )


def standing(deliveries: Iterable[Delivery]) -> tuple[Standing, ...]:
    """Show deliveries that are not agreed."""
    return tuple(
        Standing(d.key, str(State.OWED if d.state is State.SENDING else d.state), d.code, d.reason, d.problems)
        for d in deliveries
    )
