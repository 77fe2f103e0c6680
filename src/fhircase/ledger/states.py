"""How far a record got with a server: the states, and the only changes between them.

Rule: a state changes nowhere but through `after`, so the table below is all there is to know.
"""

from enum import StrEnum
from typing import NamedTuple

from fhircase.errors import LedgerError


class State(StrEnum):
    """Where one record stands with one server."""

    OWED = "owed"
    SENDING = "sending"
    AGREED = "agreed"
    REFUSED = "refused"
    HELD = "held"


class Cause(StrEnum):
    """Why a state changes."""

    WISHED = "a newer wish"
    PULLED = "news pulled"
    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    OVERTAKEN = "overtaken by a newer wish"
    PUT_OFF = "put off"
    EXPIRED = "lease ran out"
    REFUSED = "not acceptable"
    HELD = "needs somebody first"
    RELEASED = "released"


class Arrow(NamedTuple):
    """One allowed change; no source means: the server has never been owed this record."""

    source: State | None
    cause: Cause
    target: State


ARROWS = (
    Arrow(None, Cause.WISHED, State.OWED),
    Arrow(None, Cause.PULLED, State.AGREED),
    Arrow(None, Cause.REFUSED, State.REFUSED),
    Arrow(None, Cause.HELD, State.HELD),
    Arrow(State.OWED, Cause.WISHED, State.OWED),
    Arrow(State.OWED, Cause.PULLED, State.OWED),
    Arrow(State.OWED, Cause.CLAIMED, State.SENDING),
    Arrow(State.OWED, Cause.REFUSED, State.REFUSED),
    Arrow(State.OWED, Cause.HELD, State.HELD),
    # The one who is sending decides what becomes of it; everybody else only leaves a newer wish.
    Arrow(State.SENDING, Cause.WISHED, State.SENDING),
    Arrow(State.SENDING, Cause.PULLED, State.SENDING),
    Arrow(State.SENDING, Cause.ACCEPTED, State.AGREED),
    Arrow(State.SENDING, Cause.OVERTAKEN, State.OWED),
    Arrow(State.SENDING, Cause.PUT_OFF, State.OWED),
    Arrow(State.SENDING, Cause.EXPIRED, State.OWED),
    Arrow(State.SENDING, Cause.REFUSED, State.REFUSED),
    Arrow(State.SENDING, Cause.HELD, State.HELD),
    Arrow(State.AGREED, Cause.WISHED, State.OWED),
    Arrow(State.AGREED, Cause.PULLED, State.AGREED),
    Arrow(State.AGREED, Cause.RELEASED, State.OWED),
    Arrow(State.AGREED, Cause.REFUSED, State.REFUSED),
    Arrow(State.AGREED, Cause.HELD, State.HELD),
    Arrow(State.REFUSED, Cause.WISHED, State.OWED),
    Arrow(State.REFUSED, Cause.PULLED, State.OWED),
    Arrow(State.REFUSED, Cause.RELEASED, State.OWED),
    Arrow(State.REFUSED, Cause.REFUSED, State.REFUSED),
    Arrow(State.REFUSED, Cause.HELD, State.HELD),
    # Held means somebody must act first, so neither an edit nor news sets it free.
    Arrow(State.HELD, Cause.WISHED, State.HELD),
    Arrow(State.HELD, Cause.PULLED, State.HELD),
    Arrow(State.HELD, Cause.RELEASED, State.OWED),
    Arrow(State.HELD, Cause.HELD, State.HELD),
)

_TARGETS = {(arrow.source, arrow.cause): arrow.target for arrow in ARROWS}


def after(state: State | None, cause: Cause) -> State:
    """Say which state follows.

    Raises:
        LedgerError: the table does not allow this change.
    """
    try:
        return _TARGETS[state, cause]
    except KeyError:
        was = state or "unknown here"
        raise LedgerError(f"a record that is {was} cannot be {cause.name.lower()}") from None


def allows(state: State | None, cause: Cause) -> bool:
    """Say whether the table has an arrow for this."""
    return (state, cause) in _TARGETS


def diagram() -> str:
    """Draw the changes as a mermaid chart; causes that leave a state as it is are not drawn."""
    causes: dict[tuple[str, str], list[str]] = {}
    for source, cause, target in ARROWS:
        if source is not target:
            causes.setdefault((source or "[*]", target), []).append(cause)
    lines = [f"    {source} --> {target}: {' / '.join(why)}" for (source, target), why in causes.items()]
    return "\n".join(["stateDiagram-v2", *lines]) + "\n"


if __name__ == "__main__":
    print(diagram(), end="")  # noqa: T201 - it is what the command is for
