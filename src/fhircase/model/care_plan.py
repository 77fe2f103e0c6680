"""A care plan: needs, goals, what will be done by whom, and reviews of it."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from fhircase.model.base import ALONE, Extensible, Item, ItemId, Items, Many, Said, Text, Value, stands_alone_or_not
from fhircase.model.consent import Consent
from fhircase.model.custom import OrLocal
from fhircase.model.review import Review, in_order
from fhircase.model.time import Day, Moment
from fhircase.model.value import Concept, Key, Link, Money, Note, Period, Quantity, Recurrence

PlanStatus = Annotated[
    Literal["unspecified", "draft", "active", "on-hold", "completed", "revoked", "entered-in-error"], OrLocal()
]
GoalLifecycle = Literal[
    "unspecified",
    "proposed",
    "planned",
    "accepted",
    "active",
    "on-hold",
    "completed",
    "cancelled",
    "rejected",
    "entered-in-error",
]
Achievement = Literal[
    "unspecified",
    "in-progress",
    "improving",
    "worsening",
    "no-change",
    "achieved",
    "sustaining",
    "not-achieved",
    "no-progress",
    "not-attainable",
]
AcceptanceStatus = Literal["unspecified", "agree", "disagree", "pending"]
ActivityStatus = Annotated[
    Literal[
        "unspecified",
        "not-started",
        "scheduled",
        "in-progress",
        "on-hold",
        "completed",
        "cancelled",
        "stopped",
        "entered-in-error",
    ],
    OrLocal(),
]


class Target(Said):
    """What will show that a goal is reached, and by when."""

    measure: Concept | None = None
    aim: Quantity | Concept | Text | bool | int | None = None
    due: Day | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.aim is not None and self.measure is None:
            raise ValueError("an aim needs the measure it is an aim of")
        return self


class Acceptance(Value):
    """Whether somebody stands behind a goal."""

    who: Link
    status: AcceptanceStatus = "unspecified"
    priority: Concept | None = None
    """How much it matters to them."""


class Goal(Item):
    """What the client wants to reach: inside a plan by `id`, or a record of its own by `key`."""

    id: ItemId = ALONE
    key: Key | None = None
    """Set only when the goal stands alone, outside any plan."""
    client: Link | None = None
    """Set only when the goal stands alone: whose goal it is."""
    description: Concept | None = None
    categories: Many[Concept] = ()
    lifecycle: GoalLifecycle = "unspecified"
    achievement: Achievement = "unspecified"
    priority: Concept | None = None
    start: Day | None = None
    status_date: Day | None = None
    status_reason: Text | None = None
    targets: Many[Target] = ()
    owner: Link | None = None
    """Whose goal it is: who put it into words."""
    acceptances: Many[Acceptance] = ()
    """Who agrees with the goal, and who does not."""
    held_until: Moment | None = None
    """Before when it is not to be acted upon."""
    needs: Many[Link] = ()
    barriers: Many[Concept | Link] = ()
    """What stands in the way: in words or codes, or a link to where it is recorded, such as a need."""
    strengths: Many[Concept | Link] = ()
    """What helps the client to get there."""
    outcomes: Many[Concept] = ()
    """What came of it."""
    evidence: Many[Link] = ()
    """Where that is recorded, such as an observation."""
    notes: Many[Note] = ()

    @model_validator(mode="after")
    def _stands_alone_or_not(self) -> Self:
        stands_alone_or_not(self.id, self.key, self.client)
        return self


class Activity(Item):
    """Something that will be done, is done or was done under the plan."""

    what: Concept | None = None
    description: Text | None = None
    prohibited: bool = False
    """True: the plan says that this must not be done."""
    status: ActivityStatus = "unspecified"
    status_reason: Concept | None = None
    who: Many[Link] = ()
    when: Period | Recurrence | Text | None = None
    where: Link | None = None
    needs: Many[Link] = ()
    """What makes it necessary."""
    goals: Many[ItemId] = ()
    """Ids of the plan's goals that it serves."""
    quantity: Quantity | None = None
    """How many units of it are planned."""
    cost: Money | None = None
    """What it is planned to cost."""
    referral: Link | None = None
    """The referral or other request that came of it."""
    barriers: Many[Concept | Link] = ()
    """What stands in the way of it."""
    strengths: Many[Concept | Link] = ()
    """What helps the client with it."""
    outcomes: Many[Concept] = ()
    """What came of it."""
    evidence: Many[Link] = ()
    """Where that is recorded, such as a visit."""
    progress: Many[Note] = ()


class CarePlan(Extensible):
    """What was agreed to be done for a client, towards which goals."""

    key: Key
    client: Link | None = None
    case: Link | None = None
    status: PlanStatus = "unspecified"
    status_reason: Concept | None = None
    title: Text | None = None
    description: Text | None = None
    categories: Many[Concept] = ()
    period: Period | None = None
    created: Moment | None = None
    held_until: Moment | None = None
    """Before when it is not to be acted upon."""
    author: Link | None = None
    contributors: Many[Link] = ()
    """Who else helped to make it."""
    teams: Many[Link] = ()
    """The teams that carry it out."""
    needs: Many[Link] = ()
    goals: Items[Goal] = ()
    activities: Items[Activity] = ()
    agreements: Items[Consent] = ()
    """What the client, or who may do so for them, agreed to."""
    information: Many[Link] = ()
    """What else was considered: observations, assessments, documents."""
    reviews: Annotated[Items[Review], AfterValidator(in_order)] = ()
    replaces: Many[Link] = ()
    notes: Many[Note] = ()

    @model_validator(mode="after")
    def _knows_its_goals(self) -> Self:
        known = {goal.id for goal in self.goals}
        for activity in self.activities:
            if unknown := set(activity.goals) - known:
                raise ValueError(f"activity {activity.id} serves goals that are not in the plan: {sorted(unknown)}")
        return self
