"""A piece of work that is neither a case nor a referral."""

from typing import Literal, Self

from pydantic import model_validator

from fhircase.model.base import Extensible, Many, Text
from fhircase.model.case import Priority
from fhircase.model.time import Moment
from fhircase.model.value import Concept, Key, Link, Note, Period

WorkStatus = Literal[
    "unspecified",
    "draft",
    "requested",
    "received",
    "accepted",
    "declined",
    "ready",
    "active",
    "in-progress",
    "on-hold",
    "failed",
    "completed",
    "cancelled",
    "entered-in-error",
]
WorkIntent = Literal[
    "unspecified",
    "proposal",
    "plan",
    "directive",
    "order",
    "original-order",
    "reflex-order",
    "filler-order",
    "instance-order",
    "option",
]

_REQUEST_STATUSES = frozenset(
    {"unspecified", "draft", "active", "on-hold", "completed", "cancelled", "entered-in-error"}
)


class WorkItem(Extensible):
    """A task to be done, or a request that something be done."""

    key: Key
    nature: Literal["task", "request"]
    client: Link | None = None
    status: WorkStatus = "unspecified"
    status_reason: Concept | None = None
    intent: WorkIntent = "unspecified"
    priority: Priority = "unspecified"
    prohibited: bool = False
    """True: it says that this must not be done."""
    what: Concept | None = None
    description: Text | None = None
    created: Moment | None = None
    period: Period | None = None
    requester: Link | None = None
    who: Link | None = None
    based_on: Many[Link] = ()
    concerns: Link | None = None
    """What the task is about; tasks only."""
    notes: Many[Note] = ()

    @model_validator(mode="after")
    def _fits_its_nature(self) -> Self:
        if self.nature == "task" and (self.status == "active" or self.intent == "directive"):
            raise ValueError("a task is never `active` and never a directive; that is said of requests")
        if self.nature == "request" and self.status not in _REQUEST_STATUSES:
            raise ValueError(f"a request is never `{self.status}`; that is said of tasks")
        if self.nature == "request" and (self.concerns is not None or self.description is not None):
            raise ValueError("a request says what it is about in `what` and `notes`")
        if self.nature == "request" and "order" in self.intent and not self.prohibited:
            raise ValueError("an order that something be done is a referral, not a work item")
        return self
