"""What a server took: merged into what we have, kept with the news of it, and settled."""

from collections.abc import Iterable, Mapping, Sequence

from fhircase.errors import ResourceRefused, ServerError
from fhircase.exchange.equality import same
from fhircase.exchange.people import PATIENT
from fhircase.exchange.push import Part
from fhircase.exchange.references import token
from fhircase.fhir.bundle import EntryResult
from fhircase.fhir.lenient import objects_at
from fhircase.ledger import Verdict
from fhircase.worker.absorb import gather, row, take
from fhircase.worker.directory import Directory, Names
from fhircase.worker.fetch import Found, fetch, pristine
from fhircase.worker.prepare import Ready
from fhircase.worker.settle import Settler, Tally
from fhircase.worker.station import Station
from fhircase.worker.unread import hold, keep

Outcome = tuple[Part, Found | None, EntryResult | None]
"""A part, what the server holds of it now, and what it answered, if it was asked."""


class Accepting(Settler):
    """Settles what a server took."""

    def __init__(self, station: Station, tally: Tally, directory: Directory) -> None:
        super().__init__(station, tally)
        self.directory = directory
        self.names: Names = {}
        self.absent: set[str] = set()
        """Identifiers of patients that may be created."""

    def made(self, results: Iterable[EntryResult]) -> None:
        """Note patients that were created along."""
        for result in results:
            found = _found(result)
            self.directory.made(found.resource)
            for identifier in objects_at(found.resource, "identifier"):
                self.names[PATIENT, token(identifier)] = found.reference
            self.tally.created += result.status == 201

    def accepted(self, batch: Iterable[Ready], every: Sequence[Part], results: Mapping[int, EntryResult]) -> None:
        """Settle records whose entries were done; results are by `id` of their part."""
        for one in batch:
            mine = [(part, results.get(id(part))) for part in every if part.key == one.key]
            self._settled(one, [(part, _found(result) if result else None, result) for part, result in mine])

    def _settled(self, one: Ready, outcome: Sequence[Outcome]) -> None:
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
            self.settle(one.claim, verdict, rows)

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
            if not taken.settled and not same(taken.record, one.record):
                self.station.ledger.wish(self.station.server, [one.key], now=self.station.now())
            elif not taken.settled and already:
                # What is there is what an earlier attempt said: what was said since has not been sent.
                now = self.station.now()
                self.settle(one.claim, Verdict.later(now, "it was there, as it was before", code="again", counts=False))
                return
            # What the server added or wrote otherwise is in the record now, so nothing of it need be sent again.
            self.settle(one.claim, Verdict.accepted(taken.revision if taken.settled else None))
        self.passed_over(one.key, taken)


def _found(result: EntryResult) -> Found:
    return Found(result.resource or {}, result.etag)
