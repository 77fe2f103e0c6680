"""What a server has under our names, compared with what we hold."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from fhircase.exchange.compare import Finding, Stands
from fhircase.fhir import jsontext
from fhircase.ledger import RecordKey, Resource
from fhircase.worker.comparing import Comparing
from fhircase.worker.fetch import Found
from fhircase.worker.fresh import new
from fhircase.worker.station import Progress
from fhircase.worker.sweep import Anchor, anchors, name_of, owners, read_around


class Theirs:
    """Finds what the ledger does not know, and what is there twice."""

    def __init__(self, both: Comparing) -> None:
        self.both = both
        self.station = both.station
        self.repair = both.repair
        self.result = both.result
        self.met: dict[RecordKey, str] = {}
        """What the ledger did not know, by the type it was read around, so that what is there twice is seen."""

    def compare(self, namespaces: Collection[str], progress: Progress) -> None:
        """Find what the server has under our names and the ledger does not know."""
        done = 0
        for page in anchors(self.station, namespaces):
            self._strangers(page)
            done += len(page)
            progress("sweep", done, done)

    def _strangers(self, page: Sequence[Anchor]) -> None:
        ledger, server = self.station.ledger, self.station.server
        held = ledger.holders(server, [anchor.found.reference for anchor in page])
        rest = [each for each in page if each.found.reference not in held and not self._item(each.key)]
        rows = ledger.resources(server, {each.key for each in rest})
        fresh = [each for each in rest if not self._doubled(each, rows.get(each.key, ())) and self._leads(each)]
        for each in read_around(self.station, fresh) if fresh else ():
            references = tuple(part.reference for part in each.parts)
            if each.record is None:
                self.both.found(Finding(each.key, Stands.UNREADABLE, references, hint=str(each.problems[0])))
            else:
                self.both.found(self._read_in(Finding(each.key, Stands.NOT_HERE, references), each.parts))

    def _item(self, key: RecordKey) -> bool:
        """Whether it is an item of a record, and told with that."""
        of = owners(key)
        return bool(of & self.met.keys() or self.station.ledger.records(of))

    def _read_in(self, finding: Finding, parts: Sequence[Found]) -> Finding:
        if not self.repair:
            return replace(finding, hint="--repair reads it in")
        new(self.both.run, finding.key, parts)
        known = bool(self.station.ledger.resources(self.station.server, [finding.key]))
        return replace(finding, repaired=known, hint="read in" if known else "it cannot be read")

    def _leads(self, each: Anchor) -> bool:
        """Whether to read a record around this, which is not read around another part of it already."""
        return each.leads and self.met.setdefault(each.key, each.type) == each.type

    def _doubled(self, each: Anchor, rows: Sequence[Resource]) -> bool:
        """Whether the record is there already, under the very same name; if so, that is told."""
        system = f"{each.key.namespace}/{each.key.kind}"
        twins = tuple(
            row.reference
            for row in rows
            if row.reference.startswith(f"{each.type}/")
            and row.reference not in self.both.away(each.key)
            and row.agreed
            and name_of(jsontext.decode(row.agreed), system) == each.key.value
        )
        if not twins and not (each.leads and self.met.get(each.key) == each.type):
            return False
        hint = "keep the one that others refer to, and delete the other on the server"
        self.result.add(Finding(each.key, Stands.DOUBLED, (*twins, each.found.reference), hint=hint))
        return True
