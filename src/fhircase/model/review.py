"""A look back at a case or a plan, planned or held."""

from typing import Annotated, Any, Literal

from fhircase.model.base import Item, Many, Text
from fhircase.model.custom import OrLocal
from fhircase.model.time import Moment, instant
from fhircase.model.value import Concept, Link, Note

ReviewStatus = Annotated[
    Literal["unspecified", "planned", "held", "missed", "cancelled", "entered-in-error"], OrLocal()
]


class Review(Item):
    """A look back, planned or held, with what was found and what follows from it."""

    status: ReviewStatus = "unspecified"
    status_reason: Concept | None = None
    due: Moment | None = None
    held: Moment | None = None
    by: Link | None = None
    finding: Text | None = None
    decision: Concept | None = None
    notes: Many[Note] = ()


def in_order(reviews: tuple[Review, ...]) -> tuple[Review, ...]:
    """Reviews by when they are due, else held; those without a date last."""

    def when(review: Review) -> tuple[bool, Any, str]:
        date = review.due or review.held
        return date is None, instant(date) if date else None, review.id

    return tuple(sorted(reviews, key=when))
