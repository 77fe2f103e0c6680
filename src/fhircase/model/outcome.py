"""What was provided to a client."""

from typing import Literal, Self

from pydantic import model_validator

from fhircase.model.base import ALONE, Item, ItemId, Many, stands_alone_or_not
from fhircase.model.time import Moment
from fhircase.model.value import Concept, Key, Link, Money, Note, Period, Quantity

OutcomeStatus = Literal[
    "unspecified",
    "preparation",
    "in-progress",
    "not-done",
    "on-hold",
    "stopped",
    "completed",
    "entered-in-error",
]


class Outcome(Item):
    """What was provided: in answer to a referral by `id`, or a record of its own by `key`."""

    id: ItemId = ALONE
    key: Key | None = None
    """Set only when the outcome stands alone, outside any referral."""
    client: Link | None = None
    """Set only when the outcome stands alone: to whom it was provided."""
    status: OutcomeStatus = "unspecified"
    what: Concept | None = None
    by: Link | None = None
    when: Period | Moment | None = None
    quantity: Quantity | None = None
    cost: Money | None = None
    """What it cost."""
    result: Concept | None = None
    notes: Many[Note] = ()

    @model_validator(mode="after")
    def _stands_alone_or_not(self) -> Self:
        stands_alone_or_not(self.id, self.key, self.client)
        return self
