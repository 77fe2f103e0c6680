"""The referrals: asked of one agency or two, and what became of it."""

from decimal import Decimal
from typing import Any

from fhircase.model import Key, Link, Offer, Outcome, Period, Recurrence, Referral, StatusChange
from fhircase.model.case import Priority
from fhircase.model.outcome import OutcomeStatus
from fhircase.model.referral import OfferStatus, ReferralStatus
from fhircase.records.sample.attachments import attachments
from fhircase.records.sample.cases import ENDED, Story, case_link
from fhircase.records.sample.chance import Chance
from fhircase.records.sample.days import day, moment, moments, steps
from fhircase.records.sample.needs import Topic
from fhircase.records.sample.notes import notes
from fhircase.records.sample.people import mrn
from fhircase.records.sample.plans import plan_key, plan_status, quantity
from fhircase.records.sample.results import cost, evidence, later
from fhircase.records.sample.words import MRN, NAMESPACE, agency, concept, hospital, known_as, ours, words

_WAY: tuple[OfferStatus, ...] = ("sent", "seen", "accepted")
_PATHS: dict[OfferStatus, tuple[OfferStatus, ...]] = {
    "unspecified": ("unspecified",),
    "draft": ("draft",),
    "sent": ("sent",),
    "seen": _WAY[:2],
    "accepted": _WAY,
    "scheduled": (*_WAY, "scheduled"),
    "waitlisted": (*_WAY, "waitlisted"),
    "in-progress": (*_WAY, "in-progress"),
    "on-hold": (*_WAY, "in-progress", "on-hold"),
    "declined": (*_WAY[:2], "declined"),
    "failed": (*_WAY, "in-progress", "failed"),
    "completed": (*_WAY, "scheduled", "in-progress", "completed"),
    "cancelled": (*_WAY[:2], "cancelled"),
    "entered-in-error": ("sent", "entered-in-error"),
}
_Standing = tuple[ReferralStatus, OfferStatus | None]
_OPEN: tuple[_Standing, ...] = (
    *(("sent", "sent"),) * 8,
    ("sent", "seen"),
    ("sent", "accepted"),
    ("sent", "scheduled"),
    ("sent", "waitlisted"),
    ("sent", "in-progress"),
    ("sent", "on-hold"),
    ("sent", "declined"),
    ("sent", "failed"),
    ("sent", None),
    ("suspended", "on-hold"),
    ("completed", "completed"),
    ("completed", "completed"),
    ("cancelled", "cancelled"),
    ("cancelled", "accepted"),
    ("draft", "draft"),
    ("draft", None),
)
_ENDED: tuple[_Standing, ...] = (("completed", "completed"), ("completed", "completed"), ("cancelled", "cancelled"))
_OUTCOMES: dict[OfferStatus, tuple[OutcomeStatus, ...]] = {
    "accepted": ("preparation",),
    "in-progress": ("in-progress", "unspecified"),
    "on-hold": ("on-hold",),
    "failed": ("stopped", "not-done"),
    "completed": ("completed",),
    "entered-in-error": ("entered-in-error",),
}


def referrals(story: Story, chance: Chance) -> list[Referral]:
    """What was asked of others in a case; before there is a plan nothing is."""
    if plan_status(story) == "draft":
        wanted = 1 if chance.one_in(3, "draft referral") else 0
    else:
        wanted = min(chance.deal("referrals", (0, 1, 1, 2, 2, 3)), len(story.topics))
    return [_referral(story, at, chance) for at in range(wanted)]


def _standing(story: Story, chance: Chance) -> _Standing:
    plan = plan_status(story)
    if plan == "draft":
        return "draft", None
    if plan == "entered-in-error":
        return "entered-in-error", "entered-in-error"
    if plan == "unspecified":
        return "unspecified", "unspecified"
    if story.case.status in ENDED:
        return chance.deal("ended standing", _ENDED)
    return chance.deal("standing", _OPEN)


def _referral(story: Story, at: int, chance: Chance) -> Referral:
    text, topic = words()["referral"], story.topics[at]
    status, last = _standing(story, chance)
    sent = story.planned + chance.between(1, 3)
    until = max(sent, story.last - 1)
    sent_at = moment(sent, chance)
    reason = text["reasons"].get(status)
    coded = chance.one_in(3, "reason codes")
    draft = status == "draft"
    return Referral(
        key=Key(kind="referral", namespace=NAMESPACE, value=f"R-{story.number:05}-{at + 1}"),
        client=known_as(MRN, mrn(story.number)),
        case=case_link(story),
        plan=ours("care-plan", plan_key(story)),
        activity="a1" if at == 0 and not chance.one_in(6, "no activity") else None,
        status=status,
        status_reason=concept(reason[0]) if reason else None,
        history=() if draft else _history(status, sent_at, (sent, until), story, chance),
        domain=topic["domain"],
        categories=(concept(*text["categories"]),) if chance.one_in(2, "referral category") else (),
        service=concept(*topic["service"]),
        urgency=_urgency(chance),
        sent=None if draft else sent_at,
        sender=hospital() if chance.one_in(2, "sender") else story.manager,
        needs=() if coded else (ours("need", f"{story.case.key.value}:{story.case.needs[at].id}"),),
        reasons=(concept(*topic["what"]),) if coded else (),
        goals=(ours("goal", f"{plan_key(story)}:g{at + 1}"),) if chance.one_in(2, "referral goal") else (),
        when=_when(sent, chance),
        quantity=quantity(topic["provided"]) if chance.one_in(5, "referral quantity") else None,
        cost=cost(chance.other("referral cost")),
        insurance=_insurance(story, chance.other("insurance")),
        consent=_consent(story, chance.other("referral consent")),
        attachments=attachments(story.number * 10 + at, sent, chance.other("attachments")),
        information=evidence("observations", story, chance.other("referral information")),
        held_until=later(sent + 2, chance.other("referral held")) if draft else None,
        replaces=_replaces(story, chance.other("referral replaces")),
        do_not_contact=chance.one_in(8, "do not contact"),
        instructions=chance.pick(text["instructions"]) if chance.one_in(3, "instructions") else None,
        notes=notes(text["notes"], sent, chance) if chance.one_in(4, "referral note") else (),
        offers=_offers(topic, last, (sent, until), sent_at, chance),
    )


def _insurance(story: Story, chance: Chance) -> tuple[Link, ...]:
    return (known_as(f"{NAMESPACE}/coverages", f"CV-{story.number:05}"),) if chance.one_in(3, "insurance") else ()


def _consent(story: Story, chance: Chance) -> Link | None:
    if story.case.consents:
        return ours("consent", f"{story.case.key.value}:{story.case.consents[0].id}")
    return known_as(f"{NAMESPACE}/papers", f"CO-{story.number:05}") if chance.one_in(2, "consent") else None


def _replaces(story: Story, chance: Chance) -> tuple[Link, ...]:
    return (known_as(f"{NAMESPACE}/requests", f"RR-{story.number:05}"),) if chance.one_in(8, "replaces") else ()


def _urgency(chance: Chance) -> Priority:
    return chance.deal("urgency", ("routine", "routine", "routine", "urgent", "asap", "stat", "unspecified"))


def _history(
    status: ReferralStatus, sent_at: str, days: tuple[int, int], story: Story, chance: Chance
) -> tuple[StatusChange, ...]:
    if not chance.one_in(2, "referral history"):
        return ()
    ended = [] if status == "sent" else [(status, moment(days[1] + 1, chance))]
    path: list[tuple[ReferralStatus, str]] = [("draft", moment(days[0] - 1, chance)), ("sent", sent_at), *ended]
    return tuple(
        StatusChange(status=each, at=at, by=story.manager if number else None) for number, (each, at) in enumerate(path)
    )


def _when(sent: int, chance: Chance) -> Period | Recurrence | str | None:
    kind = chance.deal("referral when", ("none", "period", "recurrence", "moment", "none"))
    if kind == "period":
        return Period(start=day(sent + 7), end=day(sent + 60))
    if kind == "recurrence":
        return Recurrence(frequency=1, every=Decimal(1), unit="wk")
    return moment(sent + 10, chance) if kind == "moment" else None


def _offers(
    topic: Topic, last: OfferStatus | None, days: tuple[int, int], sent_at: str, chance: Chance
) -> tuple[Offer, ...]:
    if last is None:
        return ()
    asked = [org["id"] for org in words()["organizations"] if topic["domain"] in org["domains"]]
    sent, until = days
    asking = last not in ("draft", "unspecified", "entered-in-error") and until - sent > 9
    if asking and len(asked) > 1 and chance.one_in(4, "asked twice"):
        again = moment(sent + 6, chance)
        first = _offer("o1", agency(asked[0]), "declined", (sent, sent + 5), sent_at, topic, chance)
        return first, _offer("o2", agency(asked[1]), last, (sent + 6, until), again, topic, chance)
    open_to_all = last == "sent" and chance.one_in(8, "open to all")
    return (_offer("o1", None if open_to_all else agency(chance.pick(asked)), last, days, sent_at, topic, chance),)


def _offer(
    id: str,
    asked: Link | None,
    status: OfferStatus,
    days: tuple[int, int],
    sent_at: str,
    topic: Topic,
    chance: Chance,
) -> Offer:
    text, own = words()["referral"], chance.other("offers")
    path = _PATHS[status]
    at = steps(days[0] + 1, days[1] + 1, len(path), chance)[: len(path) - 1]
    times = [sent_at, *moments(at, chance)]
    reasons = text["reasons"].get(status)
    reason = concept(chance.pick(reasons)) if reasons else None
    told = chance.deal("offer history", (True, True, False))
    return Offer(
        id=id,
        agency=asked,
        status=status,
        status_reason=reason,
        sent=sent_at if status not in ("draft", "unspecified") else None,
        requested=_requested(days[0], chance.other("requested")),
        insurance=(known_as(f"{NAMESPACE}/authorisations", "A-17"),) if own.one_in(6, "insurance") else (),
        information=(known_as(f"{NAMESPACE}/observations", "O-17", "Weight"),) if own.one_in(6, "information") else (),
        history=tuple(
            StatusChange(status=step, at=on, by=asked if number else None,
                         reason=reason if step == status else None)
            for number, (step, on) in enumerate(zip(path, times, strict=True))
        ) if told else (),
        notes=notes(text["notes"], days[0], chance) if chance.one_in(5, "offer note") else (),
        outcomes=_outcomes(asked, status, max(days[0], *at) if at else days[0], topic, chance),
    )  # fmt: skip


def _requested(day_: int, chance: Chance) -> Period | None:
    return Period(start=day(day_), end=day(day_ + 30)) if chance.one_in(3, "requested") else None


def _outcomes(by: Link | None, status: OfferStatus, on: int, topic: Topic, chance: Chance) -> tuple[Outcome, ...]:
    possible = _OUTCOMES.get(status)
    if possible is None or (status == "accepted" and not chance.one_in(2, "prepared")):
        return ()
    done = chance.deal(f"outcome {status}", possible)
    spec: dict[str, Any] = topic["provided"]
    times: tuple[Period | str, ...] = (Period(start=day(on), end=day(on)), moment(on, chance), day(on))
    when = chance.deal("outcome when", times)
    return (
        Outcome(
            id="x1",
            status=done,
            what=concept(spec["what"]),
            by=by,
            when=when if done in ("completed", "stopped") else None,
            cost=cost(chance.other("outcome cost")) if done == "completed" else None,
            quantity=quantity(spec) if done == "completed" else None,
            result=concept(chance.deal("result", words()["referral"]["results"])) if done == "completed" else None,
            notes=notes(words()["plan"]["progress"], on, chance) if chance.one_in(4, "outcome note") else (),
        ),
    )
