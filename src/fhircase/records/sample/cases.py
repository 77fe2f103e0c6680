"""The cases: from referral-in on to where each stands today."""

from dataclasses import dataclass
from typing import get_args

from fhircase.model import Assignment, Case, Closure, Concept, Key, Link, Origin, Period, Review, StatusSpan, TeamMember
from fhircase.model.case import CaseStatus, Priority
from fhircase.records.sample.chance import Chance
from fhircase.records.sample.consents import consents
from fhircase.records.sample.days import day, moment, moments, steps
from fhircase.records.sample.insurance import insurance
from fhircase.records.sample.needs import Topic, need, topics
from fhircase.records.sample.notes import notes
from fhircase.records.sample.people import client
from fhircase.records.sample.reviews import reviews
from fhircase.records.sample.words import NAMESPACE, agency, concept, known_as, ours, staff, words
from fhircase.records.sample.work import done

_IN: tuple[CaseStatus, ...] = ("referred", "screening", "accepted")
_ON: tuple[CaseStatus, ...] = (*_IN, "assessing", "planning", "active")
_PATHS: dict[CaseStatus, tuple[CaseStatus, ...]] = {
    "unspecified": ("referred", "unspecified"),
    "draft": ("draft",),
    "referred": ("draft", "referred"),
    "screening": _IN[:2],
    "accepted": _IN,
    "waitlisted": (*_IN, "waitlisted"),
    "assessing": _ON[:4],
    "planning": _ON[:5],
    "active": _ON,
    "monitoring": (*_ON, "monitoring"),
    "on-hold": (*_ON, "on-hold"),
    "closed": (*_ON, "monitoring", "closed"),
    "closed-unmet": (*_ON, "closed-unmet"),
    "declined": (*_IN[:2], "declined"),
    "withdrawn": (*_ON[:4], "withdrawn"),
    "entered-in-error": ("referred", "entered-in-error"),
}
_STATUSES: tuple[CaseStatus, ...] = (*_PATHS, *("active",) * 20, *("monitoring",) * 5, *("planning", "closed") * 3)
ENDED = frozenset({"closed", "closed-unmet", "declined", "withdrawn", "entered-in-error"})


@dataclass(frozen=True, slots=True)
class Story:
    """What the plan and the referrals of a case have to agree with."""

    number: int
    case: Case
    topics: tuple[Topic, ...]
    """What each need of the case is about, in their order."""
    planned: int
    """The day on which the plan was made."""
    last: int
    """The last day on which anything happened."""
    manager: Link


def story(number: int, chance: Chance) -> Story:
    """A case and how it went."""
    status = chance.deal("case status", _STATUSES)
    path = _PATHS[status]
    opened = -chance.between(40, 300)
    days = steps(opened, -10 if status in ENDED else -15, len(path), chance)
    about = topics(chance)
    manager = staff(chance.below(4))
    times = moments(days, chance)
    planned = next((at for at, name in zip(days, path, strict=True) if name in ("planning", "active")), days[-1])
    if status in ENDED and planned == days[-1]:
        planned = days[-2]
    case = Case(
        key=Key(kind="case", namespace=NAMESPACE, value=f"C-{number:05}"),
        client=client(number, chance),
        status=status,
        status_reason=_reason(status),
        history=_history(path, times),
        held_until=chance.deal("held until", (day(30), moment(14, chance))) if status == "on-hold" else None,
        priority=chance.deal("case priority", ("routine", "routine", *get_args(Priority))),
        acuity=concept(chance.pick(words()["case"]["acuity"])) if chance.one_in(2, "acuity") else None,
        programme=concept(chance.deal("programme", words()["case"]["programmes"]))
        if chance.one_in(2, "programme?")
        else None,
        origin=_origin(number, chance),
        opened=chance.deal("opened", (day(opened), times[0])) if status != "unspecified" else None,
        case_manager=manager if status not in ("draft", "referred") else None,
        assignments=_assignments(manager, opened, chance),
        team=_team(number, opened, chance),
        needs=tuple(need(f"n{at}", topic, opened, chance) for at, topic in enumerate(about, start=1)),
        reviews=_reviews(status, opened, days[-1], chance.other("case reviews")),
        consents=consents(number, opened, manager, chance.other("consents")),
        **insurance(number, opened, chance.other("insurance")),
        **done(number, opened, manager, chance.other("done")),
        notes=notes(words()["case"]["notes"], opened, chance) if chance.one_in(3, "case note") else (),
        closure=_closure(times[-1], chance) if status in ("closed", "closed-unmet") else None,
    )
    return Story(number, case, tuple(about), planned, days[-1] if status in ENDED else 0, manager)


def _reviews(status: CaseStatus, opened: int, last: int, chance: Chance) -> tuple[Review, ...]:
    if status in ("draft", "referred") or not chance.one_in(3, "case review"):
        return ()
    return reviews(status == "entered-in-error", opened + 45, last if status in ENDED else 0, chance)


def _reason(status: str) -> Concept | None:
    text = words()["case"]["reasons"].get(status)
    return concept(text) if text else None


def _history(path: tuple[CaseStatus, ...], times: list[str]) -> tuple[StatusSpan, ...]:
    return tuple(
        StatusSpan(status=status, period=Period(start=start, end=end))
        for status, start, end in zip(path, times, [*times[1:], None], strict=True)
    )


def _origin(number: int, chance: Chance) -> Origin | None:
    if chance.one_in(4, "no origin"):
        return None
    how = concept(chance.deal("origin", words()["case"]["origins"]))
    return Origin(
        how=how,
        source=agency(chance.pick(words()["organizations"])["id"]) if chance.one_in(2, "origin source") else None,
        referral=known_as(f"{NAMESPACE}/requests", f"RQ-{number:05}") if chance.one_in(8, "origin referral") else None,
        stay=known_as(f"{NAMESPACE}/stays", f"ST-{number:05}") if how.text == "Hospital discharge" else None,
    )


def _assignments(manager: Link, opened: int, chance: Chance) -> tuple[Assignment, ...]:
    if chance.one_in(3, "one manager before"):
        changed = opened + 10
        before = Assignment(who=staff(chance.below(4)), period=Period(start=day(opened), end=day(changed)))
        return before, Assignment(who=manager, period=Period(start=day(changed)))
    return (Assignment(who=manager),) if chance.one_in(2, "assignment") else ()


def _team(number: int, opened: int, chance: Chance) -> tuple[TeamMember, ...]:
    if not chance.one_in(3, "team"):
        return ()
    role = concept(chance.deal("team role", words()["case"]["roles"]))
    who = chance.deal(
        "team who",
        (
            staff(chance.below(4)),
            Link(display="A neighbour"),
            Link(reference=f"https://directory.example/fhir/Practitioner/{number}"),
        ),
    )
    if chance.one_in(2, "team period"):
        return (TeamMember(who=who, role=role, period=Period(start=day(opened))),)
    return TeamMember(who=who, role=role), TeamMember(who=Link(display="The family doctor"))


def _closure(at: str, chance: Chance) -> Closure:
    case = words()["case"]
    return Closure(
        reason=concept(chance.pick(case["closure_reasons"])),
        outcome=concept(chance.pick(case["closure_outcomes"])) if chance.one_in(2, "closure outcome") else None,
        on=at,
    )


def case_link(story: Story) -> Link:
    """A link to the case of a story."""
    return ours("case", story.case.key.value)
