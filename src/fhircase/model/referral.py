"""A referral: please help this person with this, and what became of it at each agency asked."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from fhircase.model.attachment import Attachment
from fhircase.model.base import Extensible, Item, ItemId, Items, Many, Text, Value
from fhircase.model.case import Priority
from fhircase.model.custom import OrLocal
from fhircase.model.outcome import Outcome
from fhircase.model.time import Moment, instant
from fhircase.model.value import Concept, Key, Link, Money, Note, Period, Quantity, Recurrence

Domain = Annotated[
    Literal[
        "unspecified",
        "food",
        "housing",
        "transport",
        "mental-health",
        "substance-use",
        "benefits",
        "employment",
        "education",
        "legal",
        "safety",
        "home-care",
        "rehabilitation",
        "medical",
        "other",
    ],
    OrLocal(),
]
ReferralStatus = Annotated[
    Literal["unspecified", "draft", "sent", "suspended", "completed", "cancelled", "entered-in-error"], OrLocal()
]
OfferStatus = Annotated[
    Literal[
        "unspecified",
        "draft",
        "sent",
        "seen",
        "accepted",
        "scheduled",
        "waitlisted",
        "in-progress",
        "on-hold",
        "declined",
        "failed",
        "completed",
        "cancelled",
        "entered-in-error",
    ],
    OrLocal(),
]
Standing = ReferralStatus | OfferStatus | Literal["cancel-requested"]

_FINAL = frozenset({"declined", "failed", "completed", "cancelled", "entered-in-error"})


class StatusChange(Value):
    """A status that was reached, when, by whom and why."""

    status: OfferStatus | ReferralStatus = "unspecified"
    at: Moment
    by: Link | None = None
    reason: Concept | None = None


class Offer(Item):
    """The referral as one agency has it, or as any agency may claim it while `agency` is empty."""

    agency: Link | None = None
    status: OfferStatus = "unspecified"
    status_reason: Concept | None = None
    sent: Moment | None = None
    requested: Period | None = None
    """When the agency is asked to help, at the latest until its end."""
    insurance: Many[Link] = ()
    """What may pay for it: coverages and authorisations."""
    information: Many[Link] = ()
    """What this agency, too, should know: observations, assessments, documents."""
    history: Many[StatusChange] = ()
    notes: Many[Note] = ()
    outcomes: Items[Outcome] = ()


def _in_order(offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
    """Offers as they were made: by when they were sent, unsent ones last; nobody need keep an order of their own."""
    return tuple(sorted(offers, key=lambda o: (o.sent is None, instant(o.sent) if o.sent else None, o.id)))


class Referral(Extensible):
    """A request for help to the outside, with everything that came of it."""

    key: Key
    client: Link | None = None
    case: Link | None = None
    plan: Link | None = None
    activity: ItemId | None = None
    """Id of the plan's activity that the referral fulfils."""
    status: ReferralStatus = "unspecified"
    status_reason: Concept | None = None
    history: Many[StatusChange] = ()
    domain: Domain = "unspecified"
    categories: Many[Concept] = ()
    service: Concept | None = None
    urgency: Priority = "unspecified"
    sent: Moment | None = None
    sender: Link | None = None
    needs: Many[Link] = ()
    reasons: Many[Concept] = ()
    goals: Many[Link] = ()
    when: Period | Recurrence | Moment | None = None
    quantity: Quantity | None = None
    cost: Money | None = None
    """What it may cost."""
    insurance: Many[Link] = ()
    """What may pay for it: coverages and authorisations."""
    consent: Link | None = None
    """The client's consent to telling the agency."""
    attachments: Items[Attachment] = ()
    """Documents that go with it."""
    information: Many[Link] = ()
    """What whoever helps should know: observations, assessments, conditions."""
    held_until: Moment | None = None
    """Before when it is not to be acted upon."""
    replaces: Many[Link] = ()
    """The referrals in whose place it is."""
    do_not_contact: bool = False
    """True: the agency must not contact the client on its own."""
    instructions: Text | None = None
    """For the client, in plain words."""
    notes: Many[Note] = ()
    offers: Annotated[Items[Offer], AfterValidator(_in_order)] = ()

    @model_validator(mode="after")
    def _activity_has_a_plan(self) -> Self:
        if self.activity is not None and self.plan is None:
            raise ValueError("an activity needs the plan it belongs to")
        return self

    @property
    def standing(self) -> Standing:
        """Where the referral stands as a whole: the requester's status, or the newest offer's while it is sent."""
        newest = self.offers[-1].status if self.offers else "unspecified"
        if self.status == "cancelled" and self.offers and newest not in _FINAL:
            return "cancel-requested"
        if self.status == "sent" and newest not in ("unspecified", "draft", "entered-in-error"):
            return newest
        return self.status
