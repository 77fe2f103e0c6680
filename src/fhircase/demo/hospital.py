"""The hospital: it takes the answers in, closes what is done, and asks the next agency where one declined."""

from collections.abc import Mapping
from datetime import datetime

from fhircase.model import Activity, CarePlan, Case, Key, Note, Offer, Record, Referral, StatusChange
from fhircase.records.sample import agencies_for, agency

_FOLLOWED = "The agency has answered; talked it through with the client."


def followed_up(known: Mapping[Key, Record], answers: list[Referral], now: datetime) -> list[Record]:
    """What the hospital's case managers write after the answers came: referrals, plans and cases."""
    changed: dict[Key, Record] = {}
    for answer in answers:
        decided = _closed(answer, now) if _done(answer) else _asked_again(answer, now)
        if decided != answer:
            changed[decided.key] = decided
        if _done(answer):
            _in_plan(known, changed, answer, now)
    return list(changed.values())


def _done(referral: Referral) -> bool:
    return any(offer.status == "completed" for offer in referral.offers)


def _closed(referral: Referral, now: datetime) -> Referral:
    change = StatusChange(status="completed", at=now.isoformat(timespec="seconds"))
    return referral.model_copy(update={"status": "completed", "history": (*referral.history, change)})


def _asked_again(referral: Referral, now: datetime) -> Referral:
    """After a decline the next agency is asked, if there is one for this; the request stays the same."""
    asked = {offer.agency.identifier.value for offer in referral.offers if offer.agency and offer.agency.identifier}
    others = [number for number in agencies_for(referral.domain) if number not in asked]
    if not others or any(offer.status != "declined" for offer in referral.offers):
        return referral
    offer = Offer(
        id=f"o{len(referral.offers) + 1}",
        agency=agency(others[0]),
        status="sent",
        sent=now.isoformat(timespec="seconds"),
    )
    return referral.model_copy(update={"offers": (*referral.offers, offer)})


def _in_plan(known: Mapping[Key, Record], changed: dict[Key, Record], referral: Referral, now: datetime) -> None:
    """The plan's activity is done and the case manager notes it; whether the need is met a person decides."""
    note = Note(text=_FOLLOWED, at=now.isoformat(timespec="seconds"))
    for link in (referral.plan, referral.case):
        record = (changed.get(link.record) or known.get(link.record)) if link and link.record else None
        if isinstance(record, CarePlan):
            activities = tuple(_activity(each, referral, note) for each in record.activities)
            record = record.model_copy(update={"activities": activities})
        elif isinstance(record, Case):
            record = record.model_copy(update={"notes": (*record.notes, note)})
        if record is not None and record.key is not None:
            changed[record.key] = record


def _activity(activity: Activity, referral: Referral, note: Note) -> Activity:
    if activity.referral is None or activity.referral.record != referral.key:
        return activity
    return activity.model_copy(update={"status": "completed", "progress": (*activity.progress, note)})
