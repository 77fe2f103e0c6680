"""A dry run: everything a push would decide, and nothing of it written, neither here nor on the server."""

from collections.abc import Iterable

from fhircase.errors import InvalidInput, ServerError
from fhircase.exchange.links import named_by
from fhircase.exchange.push import known, pointers, resolved
from fhircase.ledger import Claim, RecordKey
from fhircase.worker.brake import Input, waits
from fhircase.worker.directory import Directory
from fhircase.worker.intake import Intake
from fhircase.worker.prepare import Ready, ready
from fhircase.worker.report import Planned, PushReport, Standing, waiting
from fhircase.worker.station import LEASE, Progress, Station


class _Undo(Exception):
    """Ends the ledger's transaction without keeping anything."""


def plan(station: Station, records: Iterable[Input], progress: Progress) -> PushReport:
    """Say what a push would do, per record and resource."""
    report = PushReport(station.server)
    try:
        with station.ledger.unit():
            report = _planned(station, records, progress)
            raise _Undo  # noqa: TRY301 - there is no other way out of a unit without keeping it
    except _Undo:
        return report


def _planned(station: Station, records: Iterable[Input], progress: Progress) -> PushReport:
    before = station.counter.requests
    intake = Intake(station, progress)
    intake.take(records)
    now = station.now()
    claims = station.ledger.claim(station.server, owner=station.owner, limit=1_000_000, lease=LEASE, now=now)
    prepared, refused = made_ready(station, claims)
    planned, held, stopped = decided(station, prepared)
    left = waiting(station.ledger, station.server)
    return PushReport(
        station.server,
        intake.given,
        intake.unchanged,
        sent=len({each.key for each in planned}),
        created=sum(each.action == "create" for each in planned),
        updated=sum(each.action == "update" for each in planned),
        requests=station.counter.requests - before,
        held=(*left.held, *held),
        refused=(*left.refused, *refused),
        conflicts=left.conflicts,
        stopped=stopped,
        planned=planned,
        remarks=tuple(intake.remarks),
        braked=intake.braked or waits(station.ledger, station.server),
        outside=intake.outside,
    )


def made_ready(station: Station, claims: Iterable[Claim]) -> tuple[dict[RecordKey, Ready], list[Standing]]:
    """Records written onto what was agreed, and those that cannot be."""
    prepared, refused = {}, []
    for claim in claims:
        try:
            prepared[claim.key] = ready(station, claim)
        except InvalidInput as error:
            refused.append(Standing(claim.key, "refused", "invalid", str(error.problems[0]), error.problems))
    return prepared, refused


def decided(station: Station, prepared: dict[RecordKey, Ready]) -> tuple[tuple[Planned, ...], list[Standing], str]:
    """What would be written, what is held, and why nothing could be asked."""
    directory = Directory(station)
    try:
        names, held, _ = directory.clients({key: one.parts for key, one in prepared.items()})
        names |= directory.parties(part for one in prepared.values() for part in one.parts)
    except ServerError as error:
        return (), [], str(error)
    fine = [one for key, one in prepared.items() if key not in held]
    every = [part for one in fine for part in one.parts]
    rows = station.ledger.resources(station.server, {key for one in fine for key in named_by(one.record)})
    there = known(every, [row for several in rows.values() for row in several], names)
    planned = tuple(
        Planned(
            part.key,
            part.role,
            "create" if part.new else "update",
            part.resource["resourceType"] if part.new else part.reference,
            () if part.new else tuple(pointers(part.before, part.resource)),
            part.before,
            part.resource,
        )
        for part in (resolved(part, there) for part in every)
        if not part.linked and (part.new or part.changed)
    )
    return planned, [Standing(key, "held", why.code, why.reason) for key, why in held.items()], ""
