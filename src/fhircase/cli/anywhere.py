"""Reading where the resources of a record may stand anywhere in the input: on disk, until all are there."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fhircase.cli.files import output
from fhircase.cli.intake import Intake
from fhircase.cli.resource import left_over, leftovers_of, name_of, placed
from fhircase.cli.screen import complain, watched
from fhircase.cli.streamed import How, Made

if TYPE_CHECKING:
    from fhircase.mapping.compiled import Mapping
    from fhircase.mapping.stored_index import StoredIndex
    from fhircase.records import Found


class Anywhere:
    """The resources of an intake, and all records among them."""

    def __init__(self, intake: Intake, how: How, own: "Mapping | None", index: "StoredIndex") -> None:
        self._intake = intake
        self._how = how
        self._own = own
        """The mapping file of somebody's own model, if one was named."""
        self._index = index
        self._broken = 0
        """What is no resource at all."""

    def read(self, file: Path | None, leftovers: Path | None) -> Made:
        """Write each record as it is read, and tell what is refused."""
        from fhircase.fhir import jsontext
        from fhircase.mapping import ReadEach, Refused

        self._keep()
        made = Made(refused=self._broken)
        mappings, report = self._mappings(self._how.fhir), leftovers is not None
        each = ReadEach(self._index, mappings, self._how.server, report=report)
        with output(file) as stream, output(leftovers) if leftovers is not None else nullcontext() as left:
            for found in each:
                if isinstance(found, Refused):
                    made.refused += 1
                    source = self._index.source(found.resource)
                    made.lacking.add(name_of(found.resource), found.problems)
                    complain(placed(problem, found.resource, source) for problem in found.problems)
                    continue
                made.records += 1
                stream.write(self._line(found.record))
                if left is not None:
                    left.writelines(jsontext.encode(one) + b"\n" for one in leftovers_of(found))
            for resource in each.unclaimed():
                made.unclaimed[resource["resourceType"]] += 1
                if left is not None:
                    left.write(jsontext.encode(left_over(resource)) + b"\n")
        return made

    def refused(self, fhir: str) -> int:
        """How many resources would be refused in another FHIR version."""
        from fhircase.mapping import ReadEach, Refused

        return self._broken + sum(
            isinstance(found, Refused) for found in ReadEach(self._index, self._mappings(fhir), self._how.server)
        )

    def _mappings(self, fhir: str) -> "tuple[Mapping, ...]":
        from fhircase.mapping.compiled import all_compiled

        return (self._own,) if self._own is not None else all_compiled(fhir, self._how.overlays)

    def _keep(self) -> None:
        from fhircase.mapping import refusal

        for found in watched(self._intake.resources(), "resources"):
            for url, resource, source in _entries(found):
                refused = refusal(resource)
                if refused is None:
                    self._index.keep(resource, url, source)
                    continue
                self._broken += 1
                complain(placed(problem, resource, source) for problem in refused.problems)

    def _line(self, record: Any) -> bytes:
        from fhircase.fhir import jsontext
        from fhircase.records import as_line

        if self._own is None or self._own.model.ours:
            return as_line(record)
        return jsontext.encode(self._own.model.dump(record)) + b"\n"


def _entries(found: "Found") -> Iterator[tuple[str, Any, str]]:
    """Each resource of a piece, with its full URL in a Bundle, and file and line."""
    from fhircase.mapping import entries
    from fhircase.records import places

    sources = {id(resource): source for resource, source in places(found)}
    return ((url, resource, sources.get(id(resource), "")) for url, resource in entries("", found.resource))
