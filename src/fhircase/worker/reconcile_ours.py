"""What we hold, compared with what a server has of it now."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from fhircase.errors import ResourceRefused
from fhircase.exchange.compare import Finding, Stands, compared
from fhircase.fhir import bundle
from fhircase.fhir.lenient import object_at, objects_at, text_at
from fhircase.ledger import Record as Kept
from fhircase.ledger import Resource, State
from fhircase.worker.absorb import base_of, gather, read
from fhircase.worker.comparing import Comparing
from fhircase.worker.fetch import AT_ONCE, Found, fetch
from fhircase.worker.known import read as read_known
from fhircase.worker.station import Progress, Station
from fhircase.worker.texts import record_of


class Ours:
    """Compares what the ledger knows of a server."""

    def __init__(self, both: Comparing) -> None:
        self.both = both
        self.station = both.station
        self.repair = both.repair
        self.result = both.result

    def compare(self, progress: Progress) -> None:
        """Read again all that the ledger knows of the server."""
        records, done = self.station.ledger.scan(), 0
        while page := list(islice(records, AT_ONCE)):
            self._page(page)
            done += len(page)
            progress("compare", done, done)

    def _page(self, page: Sequence[Kept]) -> None:
        ledger, server = self.station.ledger, self.station.server
        keys = [known.key for known in page]
        rows, deliveries = ledger.resources(server, keys), ledger.deliveries(server, keys)
        found, gone = fetch(self.station, {row.reference for some in rows.values() for row in some})
        for known in page:
            mine = rows.get(known.key, ())
            if not mine and known.key not in deliveries:
                continue  # It has nothing to do with this server.
            there = {row.reference: found[row.reference] for row in mine if row.reference in found}
            away = [row for row in mine if row.reference in gone and not row.linked]
            if away or not mine:
                self._away(known, mine, away)
            else:
                self._both(known, mine, there)

    def _away(self, known: Kept, rows: Sequence[Resource], away: Sequence[Resource]) -> None:
        references = tuple(row.reference for row in away)
        finding = Finding(known.key, Stands.NOT_THERE, references)
        owned = [row for row in rows if not row.linked]
        delivery = self.station.ledger.deliveries(self.station.server, [known.key]).get(known.key)
        if not rows:
            owed = delivery is not None and delivery.state in (State.OWED, State.SENDING)
            hint = "it is owed: push" if owed else f"it is {delivery.state}: {delivery.reason}" if delivery else ""
            self.result.add(replace(finding, repaired=owed and self.repair, hint=hint))
            return
        if len(away) < len(owned):
            hint = "a part of it is gone: restore that on the server, or take it out of the record"
            finding = replace(finding, hint=hint)
        elif dead := _deleted(self.station, references):
            hint = f"{', '.join(dead)} was deleted there: restore it on the server, or give the record a new key"
            finding = replace(finding, hint=hint)
        elif self.repair:
            finding = self._anew(finding, away)
        else:
            finding = replace(finding, hint="the server never saw it, or lost it: --repair sends it anew")
        self.both.missed(finding)

    def _anew(self, finding: Finding, away: Sequence[Resource]) -> Finding:
        ledger, server, now = self.station.ledger, self.station.server, self.station.now()
        with ledger.unit():
            for row in away:
                ledger.drop_resource(server, finding.key, row.role)
            owed = ledger.wish(server, [finding.key], now=now) or ledger.release(server, [finding.key], now=now)
        return replace(finding, repaired=bool(owed), hint="it is owed: push sends it anew")

    def _both(self, known: Kept, rows: Sequence[Resource], there: dict[str, Found]) -> None:
        every, _ = gather(self.station, known.key.kind, there)
        try:
            reading = read(self.station, known.key.kind, [each.resource for each in every.values()], known.key)
        except ResourceRefused as error:
            self.result.add(Finding(known.key, Stands.UNREADABLE, tuple(there), hint=str(error.problems[0])))
            return
        agreed = base_of(self.station, known.key, rows)
        stands, ours, theirs = compared(record_of(known.current), agreed, reading.record)
        finding = Finding(
            known.key, stands, tuple(there) if stands is not Stands.SAME else (), tuple(ours), tuple(theirs)
        )
        self.result.add(self._newer(finding, every, rows))

    def _newer(self, finding: Finding, every: dict[str, Found], rows: Sequence[Resource]) -> Finding:
        ledger, server = self.station.ledger, self.station.server
        if finding.stands is Stands.THEIRS:
            if not self.repair:
                return replace(finding, hint="pull, or --repair")
            done = read_known(self.both.run, finding.key, every.values(), rows)
            return replace(finding, repaired=done, hint="merged in" if done else "it cannot be read")
        if finding.stands is Stands.OURS:
            delivery = ledger.deliveries(server, [finding.key]).get(finding.key)
            if delivery and delivery.state not in (State.AGREED, State.OWED, State.SENDING):
                return replace(finding, hint=f"it is {delivery.state}: {delivery.reason}")
            if not self.repair:
                return replace(finding, hint="push, or --repair and push")
            if not ledger.wish(server, [finding.key], now=self.station.now()):
                ledger.release(server, [finding.key], now=self.station.now())
            return replace(finding, repaired=True, hint="it is owed: push")
        return finding


def _deleted(station: Station, references: Sequence[str]) -> list[str]:
    """Those that the server says were deleted; what it has never seen, it says nothing of."""
    answers = station.client.batch([bundle.read(f"{reference}/_history") for reference in references])
    dead = []
    for reference, answer in zip(references, answers, strict=True):
        entries = objects_at(answer.resource, "entry") if answer.ok else []
        if answer.status == 410 or any(text_at(object_at(entry, "request"), "method") == "DELETE" for entry in entries):
            dead.append(reference)
    return dead
