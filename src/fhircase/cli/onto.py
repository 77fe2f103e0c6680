"""What a server has already: which of its resources belong to which of our records."""

from collections.abc import Hashable
from dataclasses import replace
from pathlib import Path
from typing import Any

from fhircase.cli.intake import Intake
from fhircase.cli.screen import complain
from fhircase.mapping import from_bundle
from fhircase.mapping.compiled import Mapping
from fhircase.records import places


class Present:
    """Resources by the record that they are."""

    def __init__(
        self,
        file: Path | None,
        fhir: str,
        overlays: tuple[str, ...],
        own: Mapping | None = None,
        mapping: Path | None = None,
    ) -> None:
        self._own = own
        self._mapping = mapping
        self._of: dict[Hashable, tuple[dict[str, Any], ...]] = {}
        self.refused = 0
        """How many could not be read as the records they should be; nothing is written onto those."""
        if file is not None:
            self._read(file, fhir, overlays)

    def _read(self, file: Path, fhir: str, overlays: tuple[str, ...]) -> None:
        intake = Intake([file])
        found = list(intake.resources())
        sources = {id(resource): source for each in found for resource, source in places(each)}
        readings = from_bundle([each.resource for each in found], fhir, overlays, mapping=self._mapping)
        for reading in readings.readings:
            self._of[self._key(reading.record)] = reading.resources
        for refused in readings.refused:
            where = sources.get(id(refused.resource), str(file))
            complain(replace(problem, source=problem.source or where) for problem in refused.problems)
        self.refused = intake.bad + len(readings.refused)

    def of(self, record: Any) -> tuple[dict[str, Any], ...]:
        """The resources of a record that are there."""
        return self._of.get(self._key(record), ())

    def _key(self, record: Any) -> Hashable:
        return record.key if self._own is None else self._own.identity(record)
