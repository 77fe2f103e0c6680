"""Each change of a delivery as a pure function; stores only find, apply and keep.

A step returns the delivery itself when there is nothing to change.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from fhircase.ledger.entries import Claim, Delivery, RecordKey, Verdict
from fhircase.ledger.states import Cause, State, after, allows


def wished(before: Delivery | None, server: str, key: RecordKey, revision: int, now: datetime) -> Delivery:
    """The server should see this revision. Wishing again what is wished already changes nothing."""
    if before is None:
        return Delivery(server, key, after(None, Cause.WISHED), now, now, wanted=revision)
    if revision <= max(before.wanted, before.sent):
        return before
    wish = replace(_enter(before, Cause.WISHED, now), wanted=revision, attempts=0)
    return wish if wish.state is before.state else _plain(wish)


def pulled(before: Delivery | None, server: str, key: RecordKey, revision: int, now: datetime) -> Delivery:
    """What the server holds was merged into this revision."""
    if before is None:
        return Delivery(server, key, after(None, Cause.PULLED), now, now, wanted=revision, sent=revision)
    news = replace(_enter(before, Cause.PULLED, now), wanted=max(before.wanted, revision))
    if news.state is State.AGREED:
        return replace(news, sent=news.wanted)
    return news if news.state is before.state else _plain(news)


def released(before: Delivery, now: datetime) -> Delivery:
    """Somebody says: look again. What is owed or being sent already stays so."""
    if not allows(before.state, Cause.RELEASED):
        return before
    return _plain(replace(_enter(before, Cause.RELEASED, now), attempts=0))


def parked(
    before: Delivery | None, server: str, key: RecordKey, revision: int, verdict: Verdict, now: datetime
) -> Delivery | None:
    """A verdict found without sending; nothing if somebody is sending it, whose word counts more."""
    if before is None:
        before = Delivery(server, key, after(None, verdict.cause), now, now)
    elif before.state is State.SENDING or not allows(before.state, verdict.cause):
        return None
    else:
        before = _enter(before, verdict.cause, now)
    return replace(_told(before, verdict), wanted=max(before.wanted, revision))


def due(before: Delivery | None, now: datetime) -> bool:
    """Say whether it could be claimed now."""
    return before is not None and before.state is State.OWED and (before.not_before is None or before.not_before <= now)


def claimed(before: Delivery, revision: int, owner: str, until: datetime, now: datetime) -> Delivery:
    """Somebody starts sending this revision."""
    return replace(
        _enter(before, Cause.CLAIMED, now),
        wanted=max(before.wanted, revision),
        sent=revision,
        attempts=before.attempts + 1,
        fence=before.fence + 1,
        owner=owner,
        lease_until=until,
        not_before=None,
    )


def holds(before: Delivery | None, claim: Claim) -> bool:
    """Say whether the claim is still good: nobody rescued or claimed the record since."""
    return before is not None and before.state is State.SENDING and before.fence == claim.fence


def renewed(before: Delivery, lease: timedelta, now: datetime) -> Delivery:
    """The one who is sending needs longer. A lease of which next to nothing has passed is not worth a write."""
    until = now + lease
    if before.lease_until and before.lease_until > until - lease / 10:
        return before
    return replace(before, lease_until=until, updated=now)


def settled(before: Delivery, verdict: Verdict, now: datetime) -> Delivery:
    """The one who was sending says what became of it; a wish that came meanwhile keeps it owed."""
    if verdict.cause is Cause.PUT_OFF:
        attempts = before.attempts if verdict.counts else max(0, before.attempts - 1)
        return replace(_told(_enter(_free(before), Cause.PUT_OFF, now), verdict), attempts=attempts)
    if verdict.holds is not None:
        before = replace(before, wanted=max(before.wanted, verdict.holds), sent=max(before.sent, verdict.holds))
    if before.wanted > before.sent:
        return replace(_plain(_enter(_free(before), Cause.OVERTAKEN, now)), attempts=0, unsure=_unsure(before, verdict))
    done = _told(_enter(_free(before), verdict.cause, now), verdict)
    return replace(done, attempts=0) if done.state is State.AGREED else done


def rescued(before: Delivery, now: datetime) -> Delivery:
    """The one who was sending is gone, and nobody knows how far it came."""
    return replace(_plain(_enter(_free(before), Cause.EXPIRED, now)), unsure=True)


def _enter(before: Delivery, cause: Cause, now: datetime) -> Delivery:
    state = after(before.state, cause)
    return replace(before, state=state, updated=now, since=before.since if state is before.state else now)


def _free(before: Delivery) -> Delivery:
    return replace(before, owner=None, lease_until=None)


def _plain(before: Delivery) -> Delivery:
    return replace(before, code="", reason="", problems=(), not_before=None)


def _told(before: Delivery, verdict: Verdict) -> Delivery:
    return replace(
        before,
        code=verdict.code,
        reason=verdict.reason,
        problems=verdict.problems,
        not_before=verdict.not_before,
        unsure=_unsure(before, verdict),
    )


def _unsure(before: Delivery, verdict: Verdict) -> bool:
    # Only an accepted write ends the doubt about an earlier one; a refusal says nothing about it.
    return verdict.cause is not Cause.ACCEPTED and (before.unsure or verdict.unsure)
