"""What a changed mapping wrote, taken back: only where nobody has changed it since, and only the differences."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from fhircase.errors import Conflict, NotFound, Rejected, ServerError
from fhircase.exchange.changes import changed
from fhircase.exchange.merge import merge
from fhircase.exchange.people import reference_of
from fhircase.exchange.pull import change_id
from fhircase.exchange.push import pointers
from fhircase.exchange.references import Json
from fhircase.exchange.remap import reverted
from fhircase.fhir import bundle, jsontext
from fhircase.ledger import Change, Remap, Resource, State
from fhircase.mapping.kinds.rule import alike
from fhircase.worker.absorb import agreed
from fhircase.worker.fetch import Found
from fhircase.worker.pull import pull
from fhircase.worker.remap import is_named
from fhircase.worker.report import Planned, RemapReport, Standing
from fhircase.worker.station import Progress, Station, silent
from fhircase.worker.texts import record_of, text_of


@dataclass(slots=True)
class _Run:
    station: Station
    planned: list[Planned] = field(default_factory=list)
    left: list[Standing] = field(default_factory=list)
    sent: int = 0


def back(
    station: Station, only: Collection[str] = (), some: int | None = None, progress: Progress = silent
) -> RemapReport:
    """Take back what a remap wrote. Others' changes are read first, and stand."""
    before = station.counter.requests
    # What others changed is news before anything else: what is written now must not pass for all there is.
    stopped = pull(station, progress).stopped
    run = _Run(station)
    remaps = [remap for remap in station.ledger.remaps(station.server) if is_named(remap.key, only)]
    for number, remap in enumerate(remaps[:some], start=1):
        if stopped:
            break
        try:
            _one(run, remap)
        except ServerError as error:
            stopped = str(error)
        progress("take back", number, len(remaps))
    requests = station.counter.requests - before
    left = tuple(run.left)
    return RemapReport(station.server, tuple(run.planned), sent=run.sent, requests=requests, left=left, stopped=stopped)


def _one(run: _Run, remap: Remap) -> None:
    station, key = run.station, remap.key
    text = jsontext.decode(remap.text)
    if text["mapping"] != station.mapping:
        reason = "the mapping in force is not the one that wrote it; put that one back, then take back what it wrote"
        run.left.append(Standing(key, "left", "other-mapping", reason))
        return
    delivery = station.ledger.deliveries(station.server, [key]).get(key)
    disputed = station.ledger.conflicts(station.server, [key])
    if delivery is None or delivery.state is not State.AGREED or disputed:
        state = "conflict" if disputed else str(delivery.state) if delivery else "not agreed"
        run.left.append(Standing(key, state, "unsettled", "settle it first: it waits for something else"))
        return
    rows = station.ledger.resources(station.server, [key]).get(key, ())
    try:
        written = _written(run, remap, text["resources"], {row.role: row for row in rows})
    except (Conflict, NotFound) as error:
        run.left.append(Standing(key, "left", "raced", f"somebody wrote in between; try again ({error})"))
        return
    except Rejected as error:
        run.left.append(Standing(key, "left", f"http-{error.status}", str(error)))
        return
    if written is None:
        return
    _keep(station, remap, text["record"], rows, written)
    run.sent += bool(written)


def _written(run: _Run, remap: Remap, parts: list[Any], rows: dict[str, Resource]) -> dict[str, Found] | None:
    """Write the resources as they were, all of the record together; None where somebody has changed one since."""
    wanted: dict[str, Json] = {}
    for part in parts:
        row = rows.get(part["role"])
        if part["before"] is None or row is None or row.agreed is None:
            reason = f"`{part['role']}` was made and stays: nothing is deleted on a server"
            run.left.append(Standing(remap.key, "left", "made", reason))
            continue
        now = jsontext.decode(row.agreed)
        then, kept = reverted(now, part["after"], part["before"])
        if kept:
            named = ", ".join(f"{row.reference}#{pointer}" for pointer in kept)
            hint = "put the mapping back as it was, and `remap --go` says it in that one's places"
            run.left.append(Standing(remap.key, "left", "changed-since", f"changed since: {named}; {hint}"))
            return None
        if not alike(now, then):
            wanted[part["role"]] = then
            differing = tuple(pointers(now, then))
            run.planned.append(Planned(remap.key, part["role"], "update", row.reference, differing, now, then))
    if not wanted:
        return {}
    client = run.station.client
    entries = [
        {"fullUrl": f"{client.base_url}/{reference_of(then)}", **bundle.update(then, if_match=rows[role].etag)}
        for role, then in wanted.items()
    ]
    results = client.transaction(entries)
    found: dict[str, Found] = {}
    for role, result in zip(wanted, results, strict=True):
        stored = None if result.resource else client.read(result.type, result.id)
        found[role] = Found(stored.resource or {}, stored.etag) if stored else Found(result.resource or {}, result.etag)
    return found


def _keep(
    station: Station, remap: Remap, records: list[Any], rows: tuple[Resource, ...], written: dict[str, Found]
) -> None:
    """Keep the record as it was, with what was said since, and the stamp of the mapping that was."""
    ledger, key, now = station.ledger, remap.key, station.now()
    before, after = (record_of(jsontext.encode(each)) for each in records)
    with ledger.unit():
        current = record_of(ledger.records([key])[key].current)
        record = merge(before, after, current, after).record
        text = text_of(record)
        revision = ledger.keep(key, text, now=now)
        kept = [
            replace(
                row,
                etag=written[row.role].etag if row.role in written else row.etag,
                agreed=jsontext.encode(written[row.role].resource) if row.role in written else row.agreed,
                mapping=remap.mapping,
            )
            for row in rows
        ]
        ledger.keep_resources(kept, now=now)
        if fields := changed(current, record):
            id_ = change_id(station.server, key, agreed(kept), text, revision, versioned=False)
            ledger.announce(Change(id_, key, revision, now, station.server, fields, text=text))
        ledger.pulled(station.server, [key], now=now)
        ledger.drop_remap(station.server, key)
