"""What a server took: merged into what we have, kept with the news of it, and settled."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from fhircase.errors import ResourceRefused, ServerError
from fhircase.exchange.equality import same
from fhircase.exchange.people import PATIENT
from fhircase.exchange.push import Part
from fhircase.exchange.references import token
from fhircase.fhir.bundle import EntryResult
from fhircase.fhir.lenient import objects_at
from fhircase.ledger import RecordKey, Verdict
from fhircase.worker.absorb import gather, row, take
from fhircase.worker.directory import Directory, Names
from fhircase.worker.fetch import Found, fetch, pristine
from fhircase.worker.prepare import Ready
from fhircase.worker.settle import Settler, Tally
from fhircase.worker.station import Station
from fhircase.worker.unread import hold, keep


class Accepting(Settler):
    """Settles what a server took."""

    def __init__(self, station: Station, tally: Tally, directory: Directory, asking: Station) -> None:
        super().__init__(station, tally)
        self.directory = directory
        self.asking = asking
        """The same station, where what is under way goes on while something is asked; never within a unit."""
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
        """Settle records whose entries were done; results are by `id` of their part.

        Whatever has to be asked for is asked for first: while the ledger's transaction is open, nobody waits for a
        server. A record that cannot be read back takes no other with it.
        """
        parts: dict[RecordKey, list[Part]] = {}
        for part in every:
            parts.setdefault(part.key, []).append(part)
        whole = [each for one in batch if (each := self._whole(one, parts.get(one.key, ()), results))]
        refused: dict[_Whole, ResourceRefused] = {}
        with self.station.ledger.unit():
            for each in whole:
                try:
                    with self.station.ledger.part():
                        self._keep(each)
                except ResourceRefused as error:
                    refused[each] = error
        for each, why in refused.items():
            self._unreadable(each, why)

    def _whole(self, one: Ready, parts: Iterable[Part], results: Mapping[int, EntryResult]) -> "_Whole | None":
        """All that the server has of a record now; None if it would not say, and the record is put off."""
        mine = [result for part in parts if (result := results.get(id(part)))]
        self.tally.created += sum(result.status == 201 for result in mine)
        self.tally.updated += sum(result.method == "PUT" for result in mine)
        if mine:
            self.tally.sent.add(one.key)
        already = any(result.method == "POST" and result.status == 200 for result in mine)
        try:
            there = [(part.role, self._there(part, results.get(id(part)))) for part in parts]
            roles = tuple((role, found) for role, found in there if found)
            return self._gathered(_Whole(one, roles, {each.reference: each for _, each in roles}, already))
        except ServerError as error:
            self.later([one], str(error), code="unread", unsure=True)
            return None

    def _gathered(self, whole: "_Whole") -> "_Whole":
        if not whole.already:
            return whole
        # Somebody made it before us, perhaps we ourselves: there may be more of it than we sent.
        found, _ = gather(self.station, whole.one.key.kind, whole.found)
        untouched = pristine(self.station, [part for part in found if not part.startswith(f"{PATIENT}/")])
        return replace(whole, found=found, pristine=untouched)

    def _unreadable(self, whole: "_Whole", error: ResourceRefused) -> None:
        """It is there all the same; that we cannot read it back is for a person to see."""
        key = whole.one.key
        rows = [row(self.station, key, role, found) for role, found in whole.roles]
        verdict = Verdict.refused(
            "sent, but what the server made of it cannot be read", code="unreadable", problems=error.problems
        )
        if keep(self.station, key, [found for _, found in whole.roles], error.problems):
            verdict = hold(error.problems)
        self.settle(whole.one.claim, verdict, rows)

    def _there(self, part: Part, result: EntryResult | None) -> Found | None:
        """What the server holds of a part now."""
        if result:
            return _found(result)
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

    def _keep(self, whole: "_Whole") -> None:
        one, now = whole.one, self.station.now()
        base = None if whole.already else one.record
        taken = take(self.station, one.key, whole.found.values(), base, pristine=whole.pristine)
        if not taken.settled and not same(taken.record, one.record):
            self.station.ledger.wish(self.station.server, [one.key], now=now)
        elif not taken.settled and whole.already:
            # What is there is what an earlier attempt said: what was said since has not been sent.
            self.settle(one.claim, Verdict.later(now, "it was there, as it was before", code="again", counts=False))
            return
        # What the server added or wrote otherwise is in the record now, so nothing of it need be sent again.
        self.settle(one.claim, Verdict.accepted(taken.revision if taken.settled else None))
        self.passed_over(one.key, taken)


@dataclass(frozen=True, slots=True, eq=False)
class _Whole:
    """A record that was sent, and what the server has of it."""

    one: Ready
    roles: tuple[tuple[str, Found], ...]
    found: Mapping[str, Found]
    already: bool
    """Whether it was there before."""
    pristine: bool = False
    """Whether nobody changed anything there since."""


def _found(result: EntryResult) -> Found:
    return Found(result.resource or {}, result.etag)
