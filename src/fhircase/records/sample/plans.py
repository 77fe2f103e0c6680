"""The care plans: goals from the needs, what will be done, and looking back."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, get_args

from fhircase.model import (
    Acceptance,
    Activity,
    CarePlan,
    Concept,
    Goal,
    Key,
    Link,
    Note,
    Period,
    Quantity,
    Recurrence,
    Referral,
    Target,
)
from fhircase.model.care_plan import AcceptanceStatus, Achievement, ActivityStatus, GoalLifecycle, PlanStatus
from fhircase.records.sample.agreements import agreements
from fhircase.records.sample.cases import Story, case_link
from fhircase.records.sample.chance import Chance
from fhircase.records.sample.days import day, moment, rough
from fhircase.records.sample.needs import Topic
from fhircase.records.sample.notes import notes
from fhircase.records.sample.people import mrn
from fhircase.records.sample.results import cost, evidence, later, outcomes
from fhircase.records.sample.reviews import reviews
from fhircase.records.sample.words import MRN, NAMESPACE, PLACES, agency, concept, known_as, ours, words

_STATUS: dict[str, PlanStatus] = {
    "active": "active", "monitoring": "active", "on-hold": "on-hold", "closed": "completed",
    "closed-unmet": "revoked", "declined": "revoked", "withdrawn": "revoked",
    "entered-in-error": "entered-in-error", "unspecified": "unspecified",
}  # fmt: skip
_GOALS: dict[PlanStatus, tuple[GoalLifecycle, ...]] = {
    "unspecified": ("unspecified",),
    "draft": ("proposed", "planned", "accepted", "rejected"),
    "active": ("active", "active", "active", "active", "accepted", "on-hold", "completed", "cancelled"),
    "on-hold": ("on-hold", "active"),
    "completed": ("completed",),
    "revoked": ("cancelled", "rejected"),
    "entered-in-error": ("entered-in-error",),
}
_REACHED: dict[str, tuple[Achievement, ...]] = {
    "active": ("in-progress", "improving", "worsening", "no-change", "no-progress", "sustaining", "unspecified"),
    "on-hold": ("no-change", "in-progress"),
    "completed": ("achieved", "achieved", "sustaining", "not-achieved"),
    "cancelled": ("not-attainable", "not-achieved"),
}
_DONE: dict[PlanStatus, tuple[ActivityStatus, ...]] = {
    "unspecified": ("unspecified",),
    "draft": ("not-started",),
    "active": (
        "scheduled",
        "in-progress",
        "in-progress",
        "completed",
        "on-hold",
        "cancelled",
        "stopped",
        "unspecified",
    ),
    "on-hold": ("on-hold", "completed"),
    "completed": ("completed", "completed", "stopped"),
    "revoked": ("cancelled", "stopped"),
    "entered-in-error": ("entered-in-error",),
}
_OF_REFERRAL: dict[str, ActivityStatus] = {
    "draft": "not-started", "sent": "in-progress", "suspended": "on-hold", "completed": "completed",
    "cancelled": "cancelled", "entered-in-error": "entered-in-error", "unspecified": "unspecified",
}  # fmt: skip


def plan_key(story: Story) -> str:
    """The number of a case's plan."""
    return f"P-{story.number:05}"


def plan_status(story: Story) -> PlanStatus:
    """Where the plan stands while the case stands where it does."""
    return _STATUS.get(story.case.status, "draft")


def plan(story: Story, referrals: Sequence[Referral], chance: Chance) -> CarePlan:
    """The plan of a case."""
    text, status, made = words()["plan"], plan_status(story), story.planned
    ids = [f"g{at}" for at in range(1, len(story.topics) + 1)]
    reason = text["reasons"].get(status)
    ends = story.last if status in ("completed", "revoked") else made + 180
    return CarePlan(
        key=Key(kind="care-plan", namespace=NAMESPACE, value=plan_key(story)),
        client=known_as(MRN, mrn(story.number)),
        case=case_link(story),
        status=status,
        status_reason=concept(reason) if reason and chance.one_in(2, "plan reason") else None,
        title=chance.deal("title", text["titles"]),
        description=chance.pick(text["descriptions"]) if chance.one_in(3, "plan description") else None,
        categories=tuple(concept(token) for token in text["categories"][: chance.deal("categories", (0, 1, 2))]),
        period=Period(start=day(made), end=day(ends) if chance.one_in(2, "plan end") else None),
        created=moment(made, chance),
        author=story.manager if chance.one_in(2, "author") else None,
        needs=tuple(ours("need", f"{story.case.key.value}:{need.id}") for need in story.case.needs),
        goals=tuple(_goal(goal, at, story, chance) for at, goal in enumerate(ids)),
        activities=_activities(story, ids, referrals, chance),
        held_until=later(made + 7, chance.other("plan held")) if status == "draft" else None,
        contributors=(Link(display="The client's sister"),) if chance.other("contributors").one_in(5, "any") else (),
        teams=(known_as(f"{NAMESPACE}/teams", "T-1"),) if chance.other("teams").one_in(5, "any") else (),
        agreements=()
        if status == "draft"
        else agreements(plan_key(story), known_as(MRN, mrn(story.number)), made, chance.other("agreements")),
        information=evidence("observations", story, chance.other("plan information")),
        reviews=reviews(plan_status(story) == "entered-in-error", story.planned + 30, story.last, chance),
        replaces=_replaces(story, chance),
        notes=notes(words()["case"]["notes"], made, chance) if chance.one_in(5, "plan note") else (),
    )


def _replaces(story: Story, chance: Chance) -> tuple[Link, ...]:
    return (known_as(f"{NAMESPACE}/paper-plans", f"PP-{story.number}"),) if chance.one_in(9, "replaces") else ()


def _goal(id: str, at: int, story: Story, chance: Chance) -> Goal:
    text, topic = words()["plan"], story.topics[at]
    lifecycle = chance.deal(f"goals {plan_status(story)}", _GOALS[plan_status(story)])
    started = lifecycle not in ("proposed", "planned", "rejected", "unspecified")
    category = topic.get("category")
    return Goal(
        id=id,
        description=concept(*topic["goal"]),
        categories=(concept(category or chance.deal("goal category", text["goal_categories"])),)
        if chance.one_in(2, "goal category?")
        else (),
        lifecycle=lifecycle,
        achievement=chance.deal(f"achieved {lifecycle}", _REACHED.get(lifecycle, ("unspecified",))),
        priority=concept(chance.deal("goal priority", text["goal_priorities"]))
        if chance.one_in(2, "goal priority?")
        else None,
        start=rough(story.planned, chance) if started else None,
        status_date=day(story.last - 5) if chance.one_in(3, "status date") else None,
        status_reason="Agreed with the client" if chance.one_in(6, "status reason") else None,
        targets=_targets(topic, story.planned, chance),
        owner=_owner(story, chance),
        needs=(_need(story, at),),
        acceptances=_acceptances(story, chance.other("acceptances")),
        held_until=later(story.planned + 60, chance.other("goal held")) if lifecycle == "planned" else None,
        barriers=_barriers(story, at, chance.other("barriers")),
        strengths=_strengths(chance.other("strengths")),
        outcomes=outcomes(chance.other("goal outcomes")) if lifecycle == "completed" else (),
        evidence=evidence("observations", story, chance.other("goal evidence")) if lifecycle == "completed" else (),
        notes=notes(words()["review"]["findings"], story.planned, chance) if chance.one_in(6, "goal note") else (),
    )


def _need(story: Story, at: int) -> Link:
    return ours("need", f"{story.case.key.value}:{story.case.needs[at].id}")


def _barriers(story: Story, at: int, chance: Chance) -> tuple[Concept | Link, ...]:
    known = (concept(chance.deal("barrier", words()["plan"]["barriers"])), _need(story, at))
    return known[: chance.deal("how many barriers", (0, 0, 1, 2))]


def _strengths(chance: Chance) -> tuple[Concept | Link, ...]:
    known = concept(chance.deal("strength", words()["plan"]["strengths"])), Link(display="A sister who drives")
    return known[: chance.deal("how many strengths", (0, 0, 1, 2))]


def _acceptances(story: Story, chance: Chance) -> tuple[Acceptance, ...]:
    if not chance.one_in(3, "acceptance"):
        return ()
    status = chance.deal("acceptance status", ("agree", "agree", *get_args(AcceptanceStatus)))
    priority = concept(chance.deal("acceptance priority", words()["plan"]["goal_priorities"]))
    client = Acceptance(who=known_as(MRN, mrn(story.number)), status=status, priority=priority)
    return client, Acceptance(who=story.manager, status="agree")


def _owner(story: Story, chance: Chance) -> Link | None:
    return chance.deal("owner", (known_as(MRN, mrn(story.number)), story.manager, None))


def _targets(topic: Topic, made: int, chance: Chance) -> tuple[Target, ...]:
    spec: dict[str, Any] = topic["target"]
    due = chance.deal("due", (day(made + 90), day(made + 180), None))
    if not spec:
        return (Target(due=due),) if due else ()
    return (Target(measure=concept(spec["measure"]), aim=_aim(spec), due=due),)


def _aim(spec: dict[str, Any]) -> Quantity | Concept | str | bool | int:
    if "value" in spec:
        return quantity(spec)
    aim: str | bool | int = spec["aim"]
    return concept(aim) if isinstance(aim, str) and "#" in aim else aim


def quantity(spec: dict[str, Any]) -> Quantity:
    """An amount from the data file, its digits as they are written there."""
    coded = {"system": words()["systems"]["ucum"], "code": spec["code"]} if "code" in spec else {}
    return Quantity(value=Decimal(spec["value"]), comparator=spec.get("comparator"), unit=spec["unit"], **coded)


def _activities(story: Story, goals: list[str], referrals: Sequence[Referral], chance: Chance) -> tuple[Activity, ...]:
    made = [_of_referral(referral, goals) for referral in referrals if referral.activity]
    count = max(2, len(made) + chance.deal("more activities", (0, 1, 2)))
    others = [_activity(f"a{number}", story, goals, chance) for number in range(len(made) + 1, count + 1)]
    return (*made, *others)


def _of_referral(referral: Referral, goals: list[str]) -> Activity:
    return Activity(
        id=str(referral.activity),
        what=referral.service,
        status=_OF_REFERRAL[referral.status],
        goals=(goals[0],),
        referral=ours("referral", referral.key.value),
    )


def _activity(id: str, story: Story, goals: list[str], chance: Chance) -> Activity:
    text, status = words()["plan"], plan_status(story)
    done = chance.deal(f"activity {status}", _DONE[status])
    prohibited = chance.one_in(20, "prohibited")
    reason = text["activity_reasons"].get(done)
    described = chance.one_in(3, "activity description")
    return Activity(
        id=id,
        what=concept(text["forbidden"] if prohibited else chance.deal("activity", text["activities"])),
        description=chance.pick(text["descriptions"]) if described else None,
        prohibited=prohibited,
        status=done,
        status_reason=concept(reason) if reason else None,
        who=(story.manager, agency("ORG-08"))[: chance.deal("activity who", (0, 1, 1, 2))],
        when=_when(story.planned, chance),
        goals=tuple(goals[: chance.deal("activity goals", (0, 1, 1, 2))]),
        quantity=Quantity(value=Decimal("1.50"), unit="h") if chance.one_in(6, "activity quantity") else None,
        where=known_as(PLACES, "PL-01", "Community room") if chance.other("where").one_in(4, "where") else None,
        needs=(_need(story, 0),) if chance.other("activity needs").one_in(4, "activity needs") else (),
        cost=cost(chance.other("activity cost")),
        outcomes=outcomes(chance.other("activity outcomes")) if done == "completed" else (),
        evidence=evidence("visits", story, chance.other("activity evidence")) if done == "completed" else (),
        barriers=_barriers(story, 0, chance.other("barriers")),
        strengths=_strengths(chance.other("strengths")),
        progress=_progress(story, chance) if chance.one_in(3, "progress") and status == "active" else (),
    )


def _progress(story: Story, chance: Chance) -> tuple[Note, ...]:
    return notes(words()["plan"]["progress"], min(story.planned + 20, story.last - 2), chance)


def _when(made: int, chance: Chance) -> Period | Recurrence | str | None:
    text = words()["plan"]
    kind = chance.deal("when", ("none", "period", "recurrence", "recurrence", "times", "words"))
    if kind == "period":
        return Period(start=day(made + 7), end=chance.deal("when end", (day(made + 60), None)))
    if kind == "recurrence":
        return _recurrence(chance.deal("recurrence", text["recurrences"]), made, chance)
    if kind == "times":
        return Recurrence(at=(moment(made + 14, chance), moment(made + 28, chance)))
    return chance.pick(text["spoken_times"]) if kind == "words" else None


def _recurrence(spec: dict[str, Any], made: int, chance: Chance) -> Recurrence:
    bounds = Period(start=day(made), end=day(made + 90)) if chance.one_in(3, "bounds") else None
    words_ = concept(spec["text"]) if "text" in spec else None
    days = tuple(spec.get("days", ()))
    return Recurrence(
        bounds=bounds, count=spec.get("count"), frequency=spec["frequency"], every=Decimal(spec["every"]),
        unit=spec["unit"], days=days, text=words_,
    )  # fmt: skip
