"""One transaction to the server: put together before it goes out, and settled when the answer is there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from fhircase.errors import Problem, ServerError
from fhircase.exchange.abilities import Abilities
from fhircase.exchange.people import PATIENT, criteria
from fhircase.exchange.push import Part, business, entry, guard, known, resolved
from fhircase.exchange.references import token
from fhircase.exchange.schedule import Piece
from fhircase.fhir import bundle
from fhircase.fhir.bundle import EntryResult
from fhircase.fhir.lenient import objects_at
from fhircase.worker.decline import Declining, Pieces
from fhircase.worker.prepare import Ready
from fhircase.worker.size import too_large
from fhircase.worker.transact import Answer


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """Records on their way, and the entries made of them."""

    pieces: Sequence[Piece[Ready]]
    batch: tuple[Ready, ...]
    every: tuple[Part, ...] = field(repr=False)
    sent: tuple[Part, ...] = field(repr=False)
    """The parts that have an entry, in the entries' order, after those of patients."""
    patients: int
    entries: tuple[bundle.Entry, ...] = field(repr=False)

    @property
    def rounds(self) -> int:
        """How often it may still be sent again because others wrote in between."""
        return min(piece.rounds for piece in self.pieces)

    @property
    def part(self) -> bool:
        """Whether it is what was left of a larger bundle."""
        return any(piece.alone for piece in self.pieces)


class Sender(Declining):
    """Puts transactions together, and settles every claim it is given."""

    def start(self, pieces: Sequence[Piece[Ready]]) -> Job:
        """Put together what goes out now.

        Raises:
            ServerError: the server cannot be asked what it can do.
        """
        batch = tuple(one for piece in pieces for one in piece.items)
        patients, every = self._resolved(batch)
        pairs = [(part, made) for part in every if not part.linked and (made := self._entry(part))]
        entries = (*patients.values(), *(made for _, made in pairs))
        return Job(pieces, batch, tuple(every), tuple(part for part, _ in pairs), len(patients), entries)

    def finish(self, job: Job, outcome: Answer | ServerError) -> Pieces:
        """Settle what came of it; what is to be sent again is returned."""
        if isinstance(outcome, ServerError):
            if too_large(outcome) and not job.part and len(job.pieces) > 1:
                return list(job.pieces)  # They go again in bundles of the size that is learned now.
            outcome.issues = tuple(_placed(issue, job) for issue in outcome.issues)
            return self.failed(job.batch, outcome, job.rounds, part=job.part)
        self.tally.failures = 0
        if outcome.unread:
            self.later(job.batch, str(outcome.unread), code="unread", unsure=True)
            return []
        patients = outcome.results[: job.patients]
        self.made(result for result in patients if result.ok)
        results = dict(zip(map(id, job.sent), outcome.results[job.patients :], strict=True))
        if not all(result.ok for result in patients):
            self.later(job.batch, "a patient whom it needs could not be created", code="partly", unsure=True)
            return []
        self._note_unguarded(job)
        bad = {part.key for part in job.sent if not results[id(part)].ok}
        self.accepted([one for one in job.batch if one.key not in bad], job.every, results)
        return [piece for one in job.batch if one.key in bad for piece in self._partly(one, job, results)]

    def _note_unguarded(self, job: Job) -> None:
        for part in job.sent:
            if part.new and not guard(part, self.station.can) and (named := business(part.key, part.resource)):
                self.tally.unguarded.setdefault(part.key, set()).add((part.resource["resourceType"], named))

    def _partly(self, one: Ready, job: Job, results: Mapping[int, EntryResult]) -> Pieces:
        """Decide about a record of which not all was done, although all of it was sent."""
        mine = [results[id(part)] for part in job.sent if part.key == one.key]
        return self.failed_partly(one, mine, job.rounds)

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


_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\](?:\.resource(?=$|\W))?(.*)")


def _placed(issue: Problem, job: Job) -> Problem:
    """What a server says of the n-th entry, said of the part of the record that stands there."""
    found = _ENTRY.fullmatch(issue.path)
    number = int(found[1]) - job.patients if found else -1
    if found is None or not 0 <= number < len(job.sent):
        return issue
    part = job.sent[number]
    kind = str(part.resource["resourceType"])
    rest = found[2].removeprefix(f".{kind}").removeprefix(f".ofType({kind})")
    return replace(issue, path=f"{part.role}: {kind}{rest}")
