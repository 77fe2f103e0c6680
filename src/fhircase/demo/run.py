"""The demonstration: a hospital and an agency exchange a caseload over a real FHIR server."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from fhircase.client import FHIRClient
from fhircase.config import Config
from fhircase.demo.agency import answered, busiest, ours
from fhircase.demo.hospital import followed_up
from fhircase.demo.population import settle
from fhircase.demo.proof import Finding, everything, proof
from fhircase.demo.server import LocalServer, start
from fhircase.demo.show import Stage
from fhircase.model import Key, Record, Referral
from fhircase.records import as_line
from fhircase.records.sample import MRN, NAMESPACE, ORGANIZATIONS, agencies, sample
from fhircase.records.sample.chance import Chance
from fhircase.wiring import Site, open_site
from fhircase.worker.report import PullReport, PushReport

SEED = 1


def demo(count: int, console: Console, *, keep: bool = False, seed: int = SEED) -> bool:
    """Run the demonstration and say whether the proof holds.

    Args:
        count: how many clients the hospital has.
        console: where it is shown.
        keep: leave the server up and print its address.
        seed: of the caseload and of what the agency decides.
    """
    folder = Path(tempfile.mkdtemp(prefix="fhircase-demo-"))
    stage = Stage(console)
    stage.say("Starting a FHIR server on this machine ...")
    server: LocalServer | None = None
    try:
        server = start(folder / "server")
        return Demo(server.base_url, folder, stage, seed).run(count)
    finally:
        if server is not None and keep:
            stage.say(f"The server stays up at {server.base_url}")
            console.print(f"stop it with: kill {server.process.pid}\nits data: {folder}", soft_wrap=True)
        else:
            if server is not None:
                server.stop()
            shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Demo:
    """One demonstration as it goes on."""

    base_url: str
    folder: Path
    stage: Stage
    seed: int
    known: dict[Key, Record] = field(default_factory=dict)
    """The hospital's records as its own system has them."""
    reports: list[tuple[str, PushReport | PullReport]] = field(default_factory=list)

    def run(self, count: int) -> bool:
        """Everything, from the first push to the proof."""
        caseload = list(sample(count, self.seed))
        self._remember(caseload)
        with FHIRClient(self.base_url) as client:
            settled = settle(client, caseload)
            self.stage.say(f"An EHR's patients and organizations are there: {settled} resources.")
            self._exchange(caseload)
            again = self._again()
            self.stage.exchanged(self.reports)
            self.stage.say("Reading everything back from the server ...")
            return self.stage.findings([*proof(everything(client), self.known), again])

    def _exchange(self, caseload: list[Record]) -> None:
        asked = busiest(caseload)
        name = agencies()[asked]
        self.stage.say(f"The hospital sends its caseload: {len(caseload)} records of {_clients(caseload)} clients.")
        self._push("hospital", None, caseload)
        self.stage.say(f"{name} reads what it is asked, and answers.")
        news = self._pull(name, asked)
        now = datetime.now(UTC)
        answers = answered(news, asked, now, Chance(self.seed))
        self._push(name, asked, list(answers))
        self.stage.examples(
            f"what {name} answered", ("referral", "for", "answer"), [_told(each, asked) for each in answers]
        )
        self.stage.say("The hospital reads the answers, closes what is done and asks the next agency after a decline.")
        back = sorted(self._pull("hospital", None), key=lambda record: str(record.key))
        self._remember(back)
        self.stage.examples(
            "what came back", ("record", "stands at", "its offers"), [_standing(record) for record in back]
        )
        followed = followed_up(self.known, [record for record in back if isinstance(record, Referral)], now)
        self._remember(followed)
        self._push("hospital", None, followed)

    def _again(self) -> Finding:
        """Push all of it once more: nothing may go over."""
        self.stage.say("The hospital sends all of it once more.")
        report = self._push("hospital", None, list(self.known.values()))
        wrong = f"{report.requests} requests, {report.created} created, {report.updated} updated"
        silent = not (report.requests or report.created or report.updated)
        return Finding("a second push sends nothing", report.given, () if silent else (wrong,))

    def _remember(self, records: list[Record]) -> None:
        self.known.update({record.key: record for record in records if record.key is not None})

    def _push(self, who: str, organization: str | None, records: list[Record]) -> PushReport:
        with self._site(organization) as site:
            report = site.push((as_line(record).strip(), record) for record in records)
        self.reports.append((who, report))
        self._waiting(report)
        return report

    def _pull(self, who: str, organization: str | None) -> list[Record]:
        with self._site(organization) as site:
            report = site.pull()
        self.reports.append((who, report))
        self._waiting(report)
        return [record for _, record in report.changes]

    def _waiting(self, report: PushReport | PullReport) -> None:
        lists = (getattr(report, name, ()) for name in ("held", "refused", "conflicts", "owed"))
        rows = [(str(each.key.value), each.state, each.reason) for some in lists for each in some]
        if rows:
            self.stage.examples("waiting", ("record", "state", "why"), rows)
        if report.stopped:
            self.stage.say(f"stopped: {report.stopped}")

    @contextmanager
    def _site(self, organization: str | None) -> Iterator[Site]:
        """The hospital's ledger and settings, or those of an agency: two systems that know nothing of each other."""
        server: dict[str, Any] = {"url": self.base_url}
        if organization is not None:
            server["organization"] = f"{ORGANIZATIONS}|{organization}"
        settings: dict[str, Any] = {
            "namespace": NAMESPACE if organization is None else "https://agency.example",
            "patient_identifiers": (MRN,),
            "servers": {"shared": server},
        }
        ledger = self.folder / f"{'agency' if organization else 'hospital'}.ledger"
        with open_site(Config(**settings), "shared", ledger) as site:
            yield site


def _clients(records: list[Record]) -> int:
    return sum(1 for record in records if record.key is not None and record.key.kind == "case")


def _told(referral: Referral, us: str) -> tuple[str, str, str]:
    return referral.key.value, referral.domain, ", ".join(each.status for each in referral.offers if ours(each, us))


def _standing(record: Record) -> tuple[str, str, str]:
    offers = ", ".join(each.status for each in record.offers) if isinstance(record, Referral) else ""
    return str(record.key), str(getattr(record, "status", "")), offers
