"""What passed between a case manager and others about a case: calls and messages, visits and time spent."""

from typing import Literal

from fhircase.model.base import Item, Many
from fhircase.model.time import Moment
from fhircase.model.value import Coding, Concept, Link, Note, Period, Quantity

ContactStatus = Literal[
    "unspecified", "planned", "in-progress", "on-hold", "missed", "stopped", "completed", "entered-in-error"
]
VisitStatus = Literal["unspecified", "planned", "in-progress", "completed", "missed", "cancelled", "entered-in-error"]


class Contact(Item):
    """A call, letter or message; a missed one tells in `status_reason` why."""

    status: ContactStatus = "unspecified"
    status_reason: Concept | None = None
    categories: Many[Concept] = ()
    ways: Many[Concept] = ()
    """By phone, in writing, in person."""
    subject: Concept | None = None
    at: Moment | None = None
    by: Link | None = None
    to: Many[Link] = ()
    outcome: Concept | None = None
    notes: Many[Note] = ()


class Visit(Item):
    """A case manager's own visit, or time spent for the client; not a stay or visit of the clinical side."""

    status: VisitStatus = "unspecified"
    setting: Coding | None = None
    """Where: at home, in the field, over the wire."""
    what: Concept | None = None
    period: Period | None = None
    time: Quantity | None = None
    """How long it took, as it is billed."""
    who: Many[Link] = ()
