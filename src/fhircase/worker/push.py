"""Push: everything owed to a server, made ready, put in order and sent; what cannot be sent says why."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from fhircase.errors import InvalidInput, ServerError
from fhircase.exchange.links import named_by
from fhircase.exchange.order import batches, dependents, groups
from fhircase.exchange.people import Held
from fhircase.exchange.push import guard, known, resolved
from fhircase.ledger import Claim, RecordKey, State, Verdict
from fhircase.worker import owner as owners
from fhircase.worker.directory import Directory, Names
from fhircase.worker.intake import Input, Intake
from fhircase.worker.prepare import Ready, look_up, ready
from fhircase.worker.report import PushReport, waiting
from fhircase.worker.send import Sender
from fhircase.worker.settle import Tally
from fhircase.worker.station import LEASE, Progress, Station, silent
from fhircase.worker.texts import record_of

CLAIMS = 400
"""Records made ready at a time; it bounds the memory needed."""


@dataclass(slots=True)
class _Run:
    """One push as it goes on."""

    station: Station
    progress: Progress
    only: Collection[RecordKey] | None = None
    """The records to send; without, everything that is due."""
    tally: Tally = field(default_factory=Tally)
    loose: dict[RecordKey, set[RecordKey]] = field(default_factory=dict)
    """Records sent while others they name were not there yet."""


def push(
    station: Station,
    records: Iterable[Input] = (),
    progress: Progress = silent,
    only: Collection[RecordKey] | None = None,
) -> PushReport:
    """Take records in and send what the server is owed, these and earlier ones.

    A server that cannot be reached ends the push; what is not sent stays owed, and `stopped` says why.
    """
    before = station.counter.requests
    intake = Intake(station, progress)
    intake.take(records)
    run = _Run(station, progress, only)
    station.ledger.rescue(now=station.now(), dead=owners.dead(station.ledger.owners()))
    try:
        _all(run)
        if run.only is None and not run.tally.stopped and _tighten(run):
            _all(run)
    finally:
        # Whatever ends this push, the next one need not wait for a lease to run out.
        station.ledger.rescue(now=station.now(), dead=[station.owner])
    return _report(run, intake, station.counter.requests - before)


def _all(run: _Run) -> None:
    """Send until nothing is due any more."""
    directory = Directory(run.station)
    done = 0
    while not run.tally.stopped and (claims := _claim(run.station, run.only)):
        _some(run, directory, claims)
        done += len(claims)
        left = len(run.station.ledger.due(run.station.server, now=run.station.now(), limit=CLAIMS))
        run.progress("send", done, done + left)


def _claim(station: Station, only: Collection[RecordKey] | None) -> list[Claim]:
    """Claim what is due, oldest first, and what that refers to, so that it goes before or together."""
    now = station.now()
    if only is not None:
        return station.ledger.claim(
            station.server, owner=station.owner, limit=CLAIMS, lease=LEASE, now=now, only=sorted(only)
        )
    claims = station.ledger.claim(station.server, owner=station.owner, limit=CLAIMS, lease=LEASE, now=now)
    fresh = claims
    while fresh:
        named = {key for claim in fresh for key in _named(claim)}
        named -= {claim.key for claim in claims}
        fresh = (
            station.ledger.claim(
                station.server, owner=station.owner, limit=CLAIMS, lease=LEASE, now=now, only=sorted(named)
            )
            if named
            else []
        )
        claims = claims + fresh
    return claims


def _named(claim: Claim) -> frozenset[RecordKey]:
    try:
        return named_by(record_of(claim.record.current))
    except InvalidInput:
        return frozenset()  # It is refused with every reason when it is made ready.


def _some(run: _Run, directory: Directory, claims: list[Claim]) -> None:
    sender = Sender(run.station, run.tally, directory)
    try:
        prepared = _ready(run, sender, claims)
        names, held, absent = directory.clients({key: one.parts for key, one in prepared.items()})
        _hold(sender, prepared, held)
        _look_up(run, sender, prepared)
        names |= directory.parties(part for one in prepared.values() for part in one.parts)
    except ServerError as error:
        sender.stop(claims, error)
        return
    _accept_unchanged(run, sender, prepared, names)
    sender.names, sender.absent = names, absent
    links = {key: one.links for key, one in prepared.items()}
    limit = run.station.to.bundle_entries
    for batch in batches(groups(links), lambda key: prepared[key].size, limit):
        waiting = [prepared[key] for key in batch]
        if run.tally.stopped:
            sender.put_off(waiting)
            continue
        run.station.ledger.renew([one.claim for one in prepared.values()], lease=LEASE, now=run.station.now())
        sender.send(waiting)
        _note_loose(run, waiting)


def _ready(run: _Run, sender: Sender, claims: Iterable[Claim]) -> dict[RecordKey, Ready]:
    prepared: dict[RecordKey, Ready] = {}
    for claim in claims:
        try:
            prepared[claim.key] = ready(run.station, claim)
        except InvalidInput as error:
            sender.refuse(claim, error)
    return prepared


def _look_up(run: _Run, sender: Sender, prepared: dict[RecordKey, Ready]) -> None:
    """Find what is there already of records that an earlier attempt may have made."""
    found, bad = look_up(run.station, [one for one in prepared.values() if _doubtful(run.station, one)])
    prepared |= found
    for key, error in bad.items():
        sender.refuse(prepared.pop(key).claim, error)


def _doubtful(station: Station, one: Ready) -> bool:
    """Whether something may be there already, and sending would not notice."""
    made = [part for part in one.parts if part.new and not part.linked]
    return bool(made) and (one.claim.unsure or not all(guard(part, station.can) for part in made))


def _hold(sender: Sender, prepared: dict[RecordKey, Ready], held: dict[RecordKey, Held]) -> None:
    """Hold records whose client is not known, and all that refer to them."""
    links = {key: one.links for key, one in prepared.items()}
    for key in dependents(held, links):
        sender.hold(prepared.pop(key).claim, Held("depends", "it refers to a record that is held"))
    for key, why in held.items():
        if key in prepared:
            sender.hold(prepared.pop(key).claim, why)
    waiting = {
        d.key
        for d in sender.station.ledger.deliveries(
            sender.station.server, {link for one in prepared.values() for link in one.links}
        ).values()
        if d.state is State.HELD
    }
    for key in dependents(waiting, {key: one.links for key, one in prepared.items()}):
        sender.hold(prepared.pop(key).claim, Held("depends", "it refers to a record that is held"))


def _accept_unchanged(run: _Run, sender: Sender, prepared: dict[RecordKey, Ready], names: Names) -> None:
    """Settle what the server holds already, without asking it."""
    station = run.station
    for key, one in list(prepared.items()):
        if any(part.new and not part.linked for part in one.parts):
            continue
        near = station.ledger.resources(station.server, one.links)
        there = known(one.parts, [row for rows in near.values() for row in rows], names)
        if not any(resolved(part, there).changed for part in one.parts):
            sender.settle(prepared.pop(key).claim, Verdict.accepted())


def _note_loose(run: _Run, sent: Iterable[Ready]) -> None:
    for one in sent:
        there = run.station.ledger.resources(run.station.server, one.links)
        if missing := one.links - there.keys():
            run.loose[one.key] = set(missing)


def _tighten(run: _Run) -> int:
    """Look again at records that name others which are there only now: identifiers can become references."""
    station = run.station
    named = {key for keys in run.loose.values() for key in keys}
    there = station.ledger.resources(station.server, named).keys()
    again = [key for key, missing in run.loose.items() if missing & there]
    deliveries = station.ledger.deliveries(station.server, again)
    fine = [key for key, delivery in deliveries.items() if delivery.state is State.AGREED]
    return station.ledger.release(station.server, fine, now=station.now())


def _report(run: _Run, intake: Intake, requests: int) -> PushReport:
    tally, left = run.tally, waiting(run.station.ledger, run.station.server)
    return PushReport(
        run.station.server,
        intake.given,
        intake.unchanged,
        len(tally.sent),
        tally.created,
        tally.updated,
        requests,
        left.held,
        left.refused,
        left.conflicts,
        left.owed,
        tally.stopped,
        remarks=(*intake.remarks, *tally.remarks),
    )
