"""A ledger that was lost, made again from what a server holds under our identifiers."""

from collections.abc import Collection
from dataclasses import dataclass, field

from fhircase.errors import ResourceRefused, ServerError
from fhircase.exchange.pull import change_id
from fhircase.ledger import Change, RecordKey
from fhircase.model import Record
from fhircase.worker.absorb import take
from fhircase.worker.forgotten import Forgotten
from fhircase.worker.note import Run, note
from fhircase.worker.report import Standing
from fhircase.worker.station import Progress, Station, silent
from fhircase.worker.sweep import Swept, swept
from fhircase.worker.texts import text_of


@dataclass(slots=True)
class Rebuilt:
    """What came of rebuilding."""

    server: str
    records: int = 0
    """Made from what the server holds."""
    known: int = 0
    """In the ledger already; they were left as they are."""
    left: list[Standing] = field(default_factory=list)
    """What could not be made, and why."""
    requests: int = 0
    stopped: str = ""


def rebuild(station: Station, namespaces: Collection[str], progress: Progress = silent) -> Rebuilt:
    """Make the ledger's entries for every record that a server holds under our identifiers; nothing is written there.

    What the local system holds is not known any more. So each record is offered to it once, and where its next export
    says something else than the server does, the two are merged without a base: what no policy decides is asked.
    """
    before, result, seen = station.counter.requests, Rebuilt(station.server), set[RecordKey]()
    try:
        for each in swept(station, namespaces):
            _one(station, each, result, doubled=each.key in seen)
            seen.add(each.key)
            progress("rebuild", len(seen), len(seen))
    except ServerError as error:
        result.stopped = str(error)
    result.requests = station.counter.requests - before
    return result


def _one(station: Station, each: Swept, result: Rebuilt, *, doubled: bool) -> None:
    if doubled:
        references = ", ".join(sorted(part.reference for part in each.parts))
        reason = f"the server has it twice: {references}; `fhircase reconcile` tells what to do"
        result.left.append(Standing(each.key, "left", "doubled", reason))
    elif each.record is None:
        result.left.append(Standing(each.key, "left", "unreadable", str(each.problems[0]), each.problems))
    elif Forgotten(station.ledger).has(each.record):
        result.left.append(Standing(each.key, "left", "forgotten", "the client was forgotten"))
    elif station.ledger.resources(station.server, [each.key]):
        result.known += 1
    else:
        try:
            _made(station, each, each.record)
        except ResourceRefused as error:
            result.left.append(Standing(each.key, "left", "unreadable", str(error), error.problems))
        else:
            result.records += 1


def _made(station: Station, each: Swept, record: Record) -> None:
    ledger, now = station.ledger, station.now()
    with ledger.unit():
        fresh = each.key not in ledger.revisions([each.key])
        if fresh:
            # Kept first without a local base: nobody knows what the local system holds.
            ledger.keep(each.key, text_of(record), now=now)
        taken = take(station, each.key, each.parts, None)
        note(Run(station), each.key, taken)
        if fresh:
            resources, text = [part.resource for part in each.parts], text_of(taken.record)
            id_ = change_id(station.server, each.key, resources, text, taken.revision)
            ledger.announce(Change(id_, each.key, taken.revision, now, station.server, ("*",), text=text))
