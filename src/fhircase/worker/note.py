"""What a reading of the server's state means for a record's delivery: said to the ledger, and to whoever pulls."""

from dataclasses import dataclass, field, replace

from fhircase.errors import Problem
from fhircase.ledger import RecordKey, State, Verdict
from fhircase.worker import unread
from fhircase.worker.absorb import Taken
from fhircase.worker.report import Standing, overruled
from fhircase.worker.station import LEASE, Station


@dataclass(slots=True)
class Run:
    """One pull as it goes on."""

    station: Station
    refused: list[Standing] = field(default_factory=list)
    remarks: list[Standing] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)


def note(run: Run, key: RecordKey, taken: Taken) -> None:
    """Say how far a record is, now that what the server holds of it is merged in."""
    station, now = run.station, run.station.now()
    ledger, server = station.ledger, station.server
    delivery = ledger.deliveries(server, [key]).get(key)
    ledger.drop_unread(server, [key])
    if unread.waits(delivery):
        ledger.release(server, [key], now=now)
    if taken.settled:
        ledger.pulled(server, [key], now=now)
        if unread.waits(delivery):
            _agree(station, key)
    elif not ledger.wish(server, [key], now=now) and delivery and delivery.state is State.AGREED:
        # Nothing is new to us, and still the server says something else: what a policy did not let come to be.
        ledger.release(server, [key], now=now)
    if taken.remarks:
        run.remarks.append(Standing(key, "remark", "remarks", "noticed while reading", taken.remarks))
    if taken.overruled:
        run.remarks.append(overruled(key, taken.overruled))


def _agree(station: Station, key: RecordKey) -> None:
    """Say that the server holds all of a record that was released: there is nothing to send."""
    ledger, now = station.ledger, station.now()
    for claim in ledger.claim(station.server, owner=station.owner, limit=1, lease=LEASE, now=now, only=[key]):
        ledger.settle(claim, Verdict.accepted(), now=now)


def refuse(run: Run, key: RecordKey, code: str, problems: tuple[Problem, ...]) -> bool:
    """Say that a record cannot go on as the server has it; False if it waits for something that counts more."""
    station = run.station
    ledger, server = station.ledger, station.server
    reason = str(problems[0])
    verdict = replace(Verdict.refused(reason, code=code, problems=problems), unsure=code == "deleted")
    run.refused.append(Standing(key, str(State.REFUSED), code, reason, problems))
    parked = ledger.park(server, key, verdict, now=station.now())
    return parked or ledger.deliveries(server, [key])[key].code == code
