"""One transaction to the server: sent, split where it is refused, looked at again where somebody wrote in between."""

from collections.abc import Iterable, Sequence

from fhircase.errors import (
    Broken,
    Conflict,
    ForeignHost,
    NotFHIR,
    NotFound,
    Rejected,
    ResourceRefused,
    ServerError,
    Throttled,
    UnknownOutcome,
    Unreachable,
)
from fhircase.exchange.abilities import Abilities
from fhircase.exchange.equality import same
from fhircase.exchange.order import islands
from fhircase.exchange.people import PATIENT, criteria
from fhircase.exchange.pull import unchanged
from fhircase.exchange.push import Part, entry, known, resolved
from fhircase.exchange.references import token
from fhircase.fhir import bundle
from fhircase.fhir.bundle import EntryResult
from fhircase.fhir.lenient import objects_at
from fhircase.ledger import Verdict
from fhircase.worker.absorb import base_of, gather, of_rows, row, take
from fhircase.worker.directory import Directory, Names
from fhircase.worker.fetch import Found, fetch, pristine
from fhircase.worker.intake import disputed
from fhircase.worker.prepare import Ready, look_up, ready
from fhircase.worker.settle import Settler, Tally, deleted, plain
from fhircase.worker.station import Station
from fhircase.worker.unread import hold, keep

ROUNDS = 3
"""How often to look again when others write in between, before leaving it for later."""

FAILURES = 3
"""Batches in a row that a server may fail before a push gives up."""


class Sender(Settler):
    """Sends batches of records, and settles every claim it is given."""

    def __init__(self, station: Station, tally: Tally, directory: Directory) -> None:
        super().__init__(station, tally)
        self.directory = directory
        self.names: Names = {}
        self.absent: set[str] = set()
        """Identifiers of patients that may be created."""

    # -- one batch ----------------------------------------------------------------------------------

    def send(self, batch: Sequence[Ready], rounds: int = ROUNDS) -> None:
        """Send records together; where that is refused, in smaller parts."""
        patients, every = self._resolved(batch)
        try:
            pairs = [(part, made) for part in every if not part.linked and (made := self._entry(part))]
            entries = [*patients.values(), *(made for _, made in pairs)]
            results = self.station.client.transaction(entries) if entries else ()
        except ServerError as error:
            self._failed(batch, error, rounds)
            return
        self.tally.failures = 0
        if not all(result.ok for result in results):
            # Not all or nothing, then: what was done and what not is seen by looking.
            self.later(batch, "the server did only a part of a transaction", code="partly", unsure=True)
            return
        self._made(results[: len(patients)])
        self._done(batch, every, [part for part, _ in pairs], results[len(patients) :])

    def _resolved(self, batch: Sequence[Ready]) -> tuple[dict[str, bundle.Entry], list[Part]]:
        """The entries for patients to be created, by identifier, and all parts with the server's references."""
        parts = [part for one in batch for part in one.parts]
        names, patients = dict(self.names), dict[str, bundle.Entry]()
        for part in parts:
            tokens = [each for found in objects_at(part.resource, "identifier") if (each := token(found))]
            wanted = next((each for each in tokens if each in self.absent), "")
            if part.linked and part.new and wanted and (PATIENT, wanted) not in names:
                made = bundle.create(part.resource, if_none_exist={"identifier": criteria([wanted])})
                patients[wanted] = made
                names |= {(PATIENT, each): made["fullUrl"] for each in tokens}
        rows = self.station.ledger.resources(self.station.server, {key for one in batch for key in one.links})
        there = known(parts, [each for several in rows.values() for each in several], names)
        return patients, [resolved(part, there) for part in parts]

    def _entry(self, part: Part) -> bundle.Entry | None:
        return entry(part, self.station.can if part.new else Abilities(), self.station.client.base_url)

    def _made(self, results: Iterable[EntryResult]) -> None:
        for result in results:
            found = self._whole(result)
            self.directory.made(found.resource)
            for identifier in objects_at(found.resource, "identifier"):
                self.names[PATIENT, token(identifier)] = found.reference
            self.tally.created += result.status == 201

    def _whole(self, result: EntryResult) -> Found:
        """What the server holds after a write; read, where its answer did not say."""
        if result.resource:
            return Found(result.resource, result.etag)
        stored = self.station.client.read(result.type, result.id)
        return Found(stored.resource or {}, stored.etag)

    # -- what came back -----------------------------------------------------------------------------

    def _done(
        self, batch: Sequence[Ready], every: Sequence[Part], sent: Sequence[Part], results: Sequence[EntryResult]
    ) -> None:
        try:
            written = {id(part): (self._whole(result), result) for part, result in zip(sent, results, strict=True)}
        except ServerError as error:
            self.later(batch, str(error), code="unread", unsure=True)
            return
        for one in batch:
            mine = [part for part in every if part.key == one.key]
            self._settled(one, [(part, *written.get(id(part), (None, None))) for part in mine])

    def _settled(self, one: Ready, outcome: Sequence[tuple[Part, Found | None, EntryResult | None]]) -> None:
        results = [result for _, _, result in outcome if result]
        self.tally.created += sum(result.status == 201 for result in results)
        self.tally.updated += sum(result.method == "PUT" for result in results)
        if results:
            self.tally.sent.add(one.key)
        already = any(result.method == "POST" and result.status == 200 for result in results)
        roles: list[tuple[str, Found]] = []
        try:
            roles += [(part.role, found) for part, was, _ in outcome if (found := was or self._kept(part))]
            self._keep(one, roles, already=already)
        except ServerError as error:
            self.later([one], str(error), code="unread", unsure=True)
        except ResourceRefused as error:
            # It is there all the same; that we cannot read it back is for a person to see.
            rows = [row(self.station, one.key, role, found) for role, found in roles]
            verdict = Verdict.refused(
                "sent, but what the server made of it cannot be read", code="unreadable", problems=error.problems
            )
            if keep(self.station, one.key, [found for _, found in roles], error.problems):
                verdict = hold(error.problems)
            self.station.ledger.settle(one.claim, verdict, now=self.station.now(), resources=rows)

    def _kept(self, part: Part) -> Found | None:
        if part.before is not None:
            return Found(part.before, part.etag)
        if not part.linked:
            return None
        tokens = [token(identifier) for identifier in objects_at(part.resource, "identifier")]
        reference = next((self.names[PATIENT, each] for each in tokens if (PATIENT, each) in self.names), "")
        return self._patient(reference) if reference else None

    def _patient(self, reference: str) -> Found | None:
        if reference not in self.directory.patients:
            self.directory.patients |= fetch(self.station, [reference])[0]
        return self.directory.patients.get(reference)

    def _keep(self, one: Ready, roles: Sequence[tuple[str, Found]], *, already: bool) -> None:
        found = {each.reference: each for _, each in roles}
        base, untouched = None if already else one.record, False
        if already:
            # Somebody made it before us, perhaps we ourselves: there may be more of it than we sent.
            found, _ = gather(self.station, one.key.kind, found)
            untouched = pristine(self.station, [part for part in found if not part.startswith(f"{PATIENT}/")])
        with self.station.ledger.unit():
            taken = take(self.station, one.key, found.values(), base, pristine=untouched)
            if taken.conflicts:
                self.settle(one.claim, disputed(taken.conflicts))
                return
            if not same(taken.record, one.record):
                owe = self.station.ledger.pulled if taken.settled else self.station.ledger.wish
                owe(self.station.server, [one.key], now=self.station.now())
            self.settle(one.claim, Verdict.accepted())

    # -- what did not work --------------------------------------------------------------------------

    def _failed(self, batch: Sequence[Ready], error: ServerError, rounds: int) -> None:
        if isinstance(error, Unreachable | Throttled | NotFHIR | ForeignHost) or error.status in (401, 407, 503):
            self.tally.stopped = str(error)
            self.later(
                batch,
                str(error),
                code=type(error).__name__.lower(),
                after=error.after,
                unsure=isinstance(error, NotFHIR),
                counts=not isinstance(error, Throttled),
            )
        elif isinstance(error, UnknownOutcome | Broken):
            self._trouble(batch, error)
        elif isinstance(error, Rejected):
            self._rejected(batch, error, rounds)
        else:
            raise error

    def _trouble(self, batch: Sequence[Ready], error: ServerError) -> None:
        """The server failed, or nobody knows: others may fare better, but not for ever."""
        self.tally.failures += 1
        unsure = isinstance(error, UnknownOutcome) or error.status not in (500, 501)
        if self.tally.failures >= FAILURES:
            self.tally.stopped = str(error)
        smaller = self._smaller(batch)
        if not unsure and len(smaller) > 1 and not self.tally.stopped:
            for part in smaller:
                self.send(part)
            return
        self.later(
            batch,
            str(error),
            code=type(error).__name__.lower(),
            after=error.after,
            unsure=unsure,
            problems=error.issues,
        )

    def _rejected(self, batch: Sequence[Ready], error: Rejected, rounds: int) -> None:
        updates = any(part.changed and not part.new for one in batch for part in one.parts)
        raced = isinstance(error, Conflict | NotFound) or (error.status == 400 and updates)
        if raced and rounds > 0:
            try:
                again, moved = self._look_again(batch)
            except ServerError as failure:
                self._failed(batch, failure, 0)
                return
            if moved:
                self.send(again, rounds - 1)
                return
        smaller = self._smaller(batch)
        if len(smaller) > 1:
            for part in smaller:
                self.send(part, rounds)
        elif isinstance(error, Conflict):
            self.later(batch, str(error), code="conflict", problems=error.issues)
        else:
            verdict = Verdict.refused(str(error), code=f"http-{error.status}", problems=plain(error.issues))
            self.settle(batch[0].claim, verdict)

    def _smaller(self, batch: Sequence[Ready]) -> list[Sequence[Ready]]:
        """A batch in parts that do not need each other; where there is one only, each record alone."""
        by_key = {one.key: one for one in batch}
        parts = islands(list(by_key), {key: one.links for key, one in by_key.items()})
        if len(parts) == 1:
            parts = [(key,) for key in by_key]
        return [[by_key[key] for key in part] for part in parts]

    def _look_again(self, batch: Sequence[Ready]) -> tuple[list[Ready], bool]:
        """Read what may have changed and merge it in; the second value says whether anything had."""
        references = [part.reference for one in batch for part in one.parts if not part.new and not part.linked]
        found, gone = fetch(self.station, references)
        again, moved = [], False
        made, bad = look_up(self.station, [one for one in batch if any(p.new and not p.linked for p in one.parts)])
        for one in batch:
            lost = [part for part in one.parts if part.reference in gone]
            newer = [part for part in one.parts if _newer(part, found)]
            if lost or one.key in bad:
                moved = True
                self.refuse(one.claim, bad.get(one.key) or deleted(lost))
            elif newer:
                moved = True
                again += self._merged(one, found)
            else:
                adopted = made.get(one.key, one)
                moved |= adopted is not one
                again.append(adopted)
        return again, moved

    def _merged(self, one: Ready, found: dict[str, Found]) -> list[Ready]:
        """The record with the server's changes in it; nothing, if it cannot go on."""
        rows = self.station.ledger.resources(self.station.server, [one.key]).get(one.key, ())
        have = {**of_rows(rows), **{row.reference: found[row.reference] for row in rows if row.reference in found}}
        every, _ = gather(self.station, one.key.kind, have)
        try:
            taken = take(self.station, one.key, every.values(), base_of(self.station, one.key, rows))
        except ResourceRefused as error:
            keep(self.station, one.key, every.values(), error.problems)
            self.refuse(one.claim, error)
            return []
        if taken.conflicts:
            self.settle(one.claim, disputed(taken.conflicts))
            return []
        return [ready(self.station, one.claim, taken.record)]


def _newer(part: Part, found: dict[str, Found]) -> bool:
    # Not by ETag: one server writes the same version in two ways, in a transaction's answer and in a read.
    there = found.get(part.reference)
    return there is not None and not unchanged(part.before, there.resource)
