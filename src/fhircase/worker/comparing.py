"""What a reconciliation has found so far, on which both directions of it work."""

from dataclasses import dataclass, field

from fhircase.exchange.compare import Finding, Stands
from fhircase.ledger import RecordKey
from fhircase.worker.note import Run
from fhircase.worker.station import Station


@dataclass(slots=True)
class Reconciled:
    """How both sides stand: how many records how, and every one that is not the same on both."""

    server: str
    counts: dict[str, int] = field(default_factory=lambda: {str(each): 0 for each in Stands})
    findings: list[Finding] = field(default_factory=list)
    requests: int = 0
    stopped: str = ""
    """Why not everything was compared; empty if it was."""

    @property
    def open(self) -> int:
        """How many records differ and were not repaired."""
        return sum(not finding.repaired for finding in self.findings)

    def add(self, finding: Finding) -> None:
        """Count a record; keep it if there is something to say."""
        self.counts[finding.stands] += 1
        if finding.stands is not Stands.SAME:
            self.findings.append(finding)


@dataclass(slots=True)
class Comparing:
    """One reconciliation as it goes on."""

    station: Station
    run: Run
    repair: bool
    result: Reconciled
    lost: dict[RecordKey, int] = field(default_factory=dict)
    """Where in the findings a record stands that is missing there, as it may turn up under another id."""

    def missed(self, finding: Finding) -> None:
        """Note that a record is not there, where it was."""
        self.lost[finding.key] = len(self.result.findings)
        self.result.add(finding)

    def found(self, finding: Finding) -> None:
        """Note what is only there; what was missing under its old id has turned up."""
        if (place := self.lost.pop(finding.key, None)) is not None:
            self.result.counts[Stands.NOT_THERE] -= 1
            self.result.findings[place] = finding
            self.result.counts[finding.stands] += 1
            return
        self.result.add(finding)

    def away(self, key: RecordKey) -> tuple[str, ...]:
        """What of a record is not there any more."""
        return self.result.findings[self.lost[key]].references if key in self.lost else ()
