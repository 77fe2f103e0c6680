"""Push: everything owed to a server, made ready, put in order and sent; what cannot be sent says why."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from fhircase.errors import InvalidInput, ServerError
from fhircase.exchange.abilities import Delivery
from fhircase.exchange.order import dependents, groups, islands
from fhircase.exchange.people import Held
from fhircase.exchange.push import guard, known, resolved
from fhircase.ledger import Claim, RecordKey, State, Verdict
from fhircase.worker import owner as owners
from fhircase.worker.brake import Input, waits
from fhircase.worker.certainty import doubles, warnings
from fhircase.worker.directory import Directory, Names
from fhircase.worker.dispatch import Dispatch
from fhircase.worker.intake import Intake
from fhircase.worker.pause import halted
from fhircase.worker.pilot import CODE as PILOT
from fhircase.worker.prepare import Ready, likely, look_after, look_up, ready
from fhircase.worker.report import PushReport, waiting
from fhircase.worker.send import Sender
from fhircase.worker.settle import Tally
from fhircase.worker.station import LEASE, Progress, Question, Station, silent
from fhircase.worker.texts import links_of

FIRST, CLAIMS = 25, 200
"""Records made ready at a time: few at first, so that the server has something to do soon; their number bounds the
memory needed."""


class _Run:
    """One push as it goes on."""

    def __init__(self, station: Station, progress: Progress, only: Collection[RecordKey] | None) -> None:
        self.station = station
        self.asking = replace(station, ask=self._ask)
        """Where questions are put while what is under way goes on."""
        self.progress = progress
        self.only = only
        """The records to send; without, everything that is due."""
        self.tally = Tally()
        self.directory = Directory(self.asking)
        self.sender = Sender(station, self.tally, self.directory, self.asking)
        self.dispatch = Dispatch(station, self.sender, self._settled)
        self.claims = FIRST
        self.done = 0
        self.loose: dict[RecordKey, set[RecordKey]] = {}
        """Records sent while others they name were not there yet."""

    def _ask(self, questions: Sequence[Question]) -> list[Any]:
        return self.dispatch.ask(questions)

    def _settled(self, batch: Iterable[Ready]) -> None:
        several = list(batch)
        self.done += len(several)
        there = self.station.ledger.resources(self.station.server, {link for one in several for link in one.links})
        # Without transactions references can be left out, inside of a record too: all is looked at again.
        apart = self.station.can.delivery is not Delivery.TRANSACTION
        for one in several:
            if missing := one.links if apart else one.links - there.keys():
                self.loose[one.key] = set(missing)


def push(
    station: Station,
    records: Iterable[Input] = (),
    progress: Progress = silent,
    only: Collection[RecordKey] | None = None,
    *,
    release: bool = False,
) -> PushReport:
    """Take records in and send what the server is owed, these and earlier ones.

    With `release`, what waited for a person's go is taken in first. To a paused server nothing is sent. A server that
    cannot be reached ends the push; what is not sent stays owed, and `stopped` says why.
    """
    before = station.counter.requests
    intake = Intake(station, progress)
    if release:
        intake.release()
    intake.take(records)
    run = _Run(station, progress, only)
    station.ledger.rescue(now=station.now(), dead=owners.dead(station.ledger.owners()))
    run.tally.stopped = halted(station.ledger, station.server) or station.circuit.why
    try:
        _all(run)
        if run.only is None and not run.tally.stopped and _tighten(run):
            _all(run)
        if not run.tally.stopped:
            run.tally.remarks += doubles(station, run.tally)
    except ServerError as error:
        run.tally.stopped = str(error)
    except KeyboardInterrupt:
        # What is on the wire is waited for, so that nobody has to look for it; asked to stop again, we do not.
        run.dispatch.drain()
        raise
    finally:
        run.dispatch.close()
        # Whatever ends this push, the next one need not wait for a lease to run out.
        station.ledger.rescue(now=station.now(), dead=[station.owner])
    return _report(run, intake, station.counter.requests - before)


def _all(run: _Run) -> None:
    """Send until nothing is due any more."""
    while not run.tally.stopped:
        claims = _claim(run.station, run.only, run.claims)
        run.claims = min(CLAIMS, 2 * run.claims)
        if claims:
            _some(run, claims)
        elif run.dispatch.idle:
            return
        run.dispatch.run(run.dispatch.backlog if claims else 0)
        run.tally.stopped = run.tally.stopped or halted(run.station.ledger, run.station.server)
        left = len(run.station.ledger.due(run.station.server, now=run.station.now(), limit=CLAIMS))
        run.progress("send", run.done, run.done + left)
    run.dispatch.run()


def _claim(station: Station, only: Collection[RecordKey] | None, limit: int) -> list[Claim]:
    """Claim what is due, oldest first, and what that refers to, so that it goes before or together."""
    now = station.now()
    if only is not None:
        return station.ledger.claim(
            station.server, owner=station.owner, limit=limit, lease=LEASE, now=now, only=sorted(only)
        )
    claims = station.ledger.claim(station.server, owner=station.owner, limit=limit, lease=LEASE, now=now)
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
        return links_of(claim.record.current)
    except InvalidInput:
        return frozenset()  # It is refused with every reason when it is made ready.


def _some(run: _Run, claims: list[Claim]) -> None:
    sender = run.sender
    try:
        prepared = _ready(run, claims)
        names, held, absent = run.directory.clients({key: one.parts for key, one in prepared.items()})
        _hold(sender, prepared, held)
        _look_up(run, sender, prepared)
        names |= run.directory.parties(part for one in prepared.values() for part in one.parts)
    except ServerError as error:
        sender.stop(claims, error)
        return
    _accept_unchanged(run, sender, prepared, names)
    sender.names |= names
    sender.absent |= absent
    links = {key: one.links for key, one in prepared.items()}
    ordered = [
        group for island in islands(list(prepared), links) for group in groups({key: links[key] for key in island})
    ]
    run.dispatch.add([sender.piece([prepared[key] for key in group]) for group in ordered])


def _ready(run: _Run, claims: Sequence[Claim]) -> dict[RecordKey, Ready]:
    prepared: dict[RecordKey, Ready] = {}
    there = run.station.ledger.resources(run.station.server, (claim.key for claim in claims))
    for claim in claims:
        try:
            prepared[claim.key] = ready(run.station, claim, rows=there.get(claim.key, ()))
        except InvalidInput as error:
            run.sender.refuse(claim, error)
        # Making ready takes as long as sending: what is under way goes on meanwhile.
        run.dispatch.poll()
    return prepared


def _look_up(run: _Run, sender: Sender, prepared: dict[RecordKey, Ready]) -> None:
    """Find what is there already of records that an earlier attempt may have made, and what is there no more."""
    doubtful = [one for one in prepared.values() if _doubtful(run.station, one)]
    found, bad = look_up(run.asking, likely(run.asking, doubtful))
    prepared |= found
    bad |= look_after(run.asking, [one for one in prepared.values() if one.claim.unsure and one.key not in bad])
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
        if d.state is State.HELD and d.code != PILOT
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
        (*intake.left, *left.held),
        left.refused,
        left.conflicts,
        left.owed,
        tally.stopped,
        remarks=(*intake.remarks, *tally.remarks),
        warnings=warnings(run.station, tally),
        braked=intake.braked or waits(run.station.ledger, run.station.server),
        outside=intake.outside,
    )
