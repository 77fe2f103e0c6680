"""The agency: it looks at what it is asked, and accepts, declines, starts or completes it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from fhircase.model import Concept, Offer, Outcome, Quantity, Record, Referral, StatusChange
from fhircase.model.referral import OfferStatus
from fhircase.records.sample import agency
from fhircase.records.sample.chance import Chance

_WAY: tuple[OfferStatus, ...] = ("sent", "seen", "accepted", "in-progress", "completed")
_DECISIONS: dict[OfferStatus, tuple[OfferStatus, ...]] = {
    "sent": ("completed", "declined", "accepted", "in-progress"),
    "seen": ("accepted", "declined"),
    "accepted": ("in-progress", "completed"),
    "scheduled": ("completed", "in-progress"),
    "waitlisted": ("accepted",),
    "in-progress": ("completed",),
}


def busiest(records: Iterable[Record]) -> str:
    """The number of the agency with most referrals waiting for an answer."""
    waiting = Counter(
        number_of(offer)
        for record in records
        if isinstance(record, Referral) and record.status == "sent"
        for offer in record.offers
        if offer.status in _DECISIONS and number_of(offer)
    )
    return str(max(sorted(waiting, key=str), key=lambda number: waiting[number], default="ORG-02"))


def answered(records: Iterable[Record], us: str, now: datetime, chance: Chance) -> list[Referral]:
    """The referrals that wait for our answer, with our answer."""
    asked = [record for record in records if isinstance(record, Referral) and record.status == "sent"]
    # In the order of their keys: a server gives them in any.
    asked.sort(key=lambda record: (record.key.namespace, record.key.value))
    return [answer for record in asked if (answer := _answer(record, us, now, chance))]


def ours(offer: Offer, us: str) -> bool:
    """Whether an offer is made to an agency."""
    return number_of(offer) == us


def number_of(offer: Offer) -> str:
    """The number of the agency that an offer is made to, if it has one."""
    return str(offer.agency.identifier.value) if offer.agency and offer.agency.identifier else ""


def _answer(referral: Referral, us: str, now: datetime, chance: Chance) -> Referral | None:
    offers = tuple(
        _decided(offer, us, chance.deal(offer.status, _DECISIONS[offer.status]), now)
        if ours(offer, us) and offer.status in _DECISIONS
        else offer
        for offer in referral.offers
    )
    return referral.model_copy(update={"offers": offers}) if offers != referral.offers else None


def _decided(offer: Offer, us: str, decision: OfferStatus, now: datetime) -> Offer:
    reason = Concept(text="No place free before autumn") if decision == "declined" else None
    return offer.model_copy(
        update={
            "status": decision,
            "status_reason": reason,
            "history": (*offer.history, *_history(_steps(offer.status, decision), us, now, reason)),
            "outcomes": (*offer.outcomes, _outcome(us, now)) if decision == "completed" else offer.outcomes,
        }
    )


def _steps(before: OfferStatus, decision: OfferStatus) -> tuple[OfferStatus, ...]:
    """The statuses in between, and the one decided on."""
    if decision not in _WAY:
        return ("seen", decision) if before == "sent" else (decision,)
    passed = _WAY.index(before if before in _WAY else "accepted")
    return _WAY[passed + 1 : _WAY.index(decision) + 1] or (decision,)


def _history(steps: Sequence[OfferStatus], us: str, now: datetime, reason: Concept | None) -> list[StatusChange]:
    start = now - timedelta(minutes=len(steps))
    return [
        StatusChange(
            status=status,
            at=(start + timedelta(minutes=number)).isoformat(timespec="seconds"),
            by=agency(us),
            reason=reason if status == steps[-1] else None,
        )
        for number, status in enumerate(steps, start=1)
    ]


def _outcome(us: str, now: datetime) -> Outcome:
    return Outcome(
        id="visit-1",
        status="completed",
        what=Concept(text="Help given on the first visit"),
        by=agency(us),
        when=now.isoformat(timespec="seconds"),
        quantity=Quantity(value=Decimal("1.50"), unit="h"),
        result=Concept(text="Need met"),
    )
