"""What a server has already: which of its resources belong to which of our records."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from fhircase.cli.intake import Intake
from fhircase.cli.screen import complain
from fhircase.mapping import from_bundle
from fhircase.model import Key, Record
from fhircase.records import places


class Present:
    """Resources by the record that they are."""

    def __init__(self, file: Path | None, fhir: str, overlays: tuple[str, ...]) -> None:
        self._of: dict[Key, tuple[dict[str, Any], ...]] = {}
        self.refused = 0
        """How many could not be read as the records they should be; nothing is written onto those."""
        if file is not None:
            self._read(file, fhir, overlays)

    def _read(self, file: Path, fhir: str, overlays: tuple[str, ...]) -> None:
        intake = Intake([file])
        found = list(intake.resources())
        sources = {id(resource): source for each in found for resource, source in places(each)}
        readings = from_bundle([each.resource for each in found], fhir, overlays)
        for reading in readings.readings:
            self._of[reading.record.key] = reading.resources
        for refused in readings.refused:
            where = sources.get(id(refused.resource), str(file))
            complain(replace(problem, source=problem.source or where) for problem in refused.problems)
        self.refused = intake.bad + len(readings.refused)

    def of(self, record: Record) -> tuple[dict[str, Any], ...]:
        """The resources of a record that are there."""
        return self._of.get(record.key, ()) if record.key is not None else ()
