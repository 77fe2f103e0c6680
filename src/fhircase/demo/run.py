"""The demonstration: a hospital and an agency exchange a caseload over a real FHIR server."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from fhircase.client import FHIRClient
from fhircase.config import Config
from fhircase.demo.agency import answered, busiest, number_of, ours
from fhircase.demo.caseload import caseload
from fhircase.demo.hospital import followed_up
from fhircase.demo.population import settle
from fhircase.demo.proof import Finding, everything, proof
from fhircase.demo.server import LocalServer, start
from fhircase.demo.show import Stage
from fhircase.model import CarePlan, Key, Record, Referral
from fhircase.records import as_line
from fhircase.records.sample import MRN, NAMESPACE, ORGANIZATIONS, agencies
from fhircase.records.sample.chance import Chance
from fhircase.wiring import Site, open_site
from fhircase.worker.report import PullReport, PushReport
from fhircase.worker.station import Progress, silent

SEED = 1
Watch = Callable[[], AbstractContextManager[Progress]]


def _unwatched() -> AbstractContextManager[Progress]:
    return nullcontext(silent)


def demo(count: int, console: Console, *, keep: bool = False, seed: int = SEED, watch: Watch = _unwatched) -> bool:
    """Run the demonstration and say whether the proof holds.

    Args:
        count: how many clients the hospital has.
        console: where it is shown.
        keep: leave the server up and print its address.
        seed: of the caseload and of what the agency decides.
        watch: opens what is told how far a push or pull is.
    """
    folder = Path(tempfile.mkdtemp(prefix="fhircase-demo-"))
    stage = Stage(console)
    stage.say("Starting a FHIR R4 server (SEKMET, from PyPI) on this machine ...")
    server: LocalServer | None = None
    try:
        server = start(folder / "server")
        return Demo(server.base_url, folder, stage, seed, watch).run(count)
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
    watch: Watch = _unwatched
    known: dict[Key, Record] = field(default_factory=dict)
    """The hospital's records as its own system has them."""
    reports: list[tuple[str, PushReport | PullReport]] = field(default_factory=list)

    def run(self, count: int) -> bool:
        """Everything, from the first push to the proof."""
        records = caseload(count, self.seed)
        self._remember(records)
        with FHIRClient(self.base_url) as client:
            settled = settle(client, records)
            self.stage.say(f"It has what an EHR has: {settled} patients and organizations.")
            self._exchange(records)
            again = self._again()
            self.stage.exchanged(self.reports)
            self.stage.say("6. The whole server is read, and compared with what the hospital believes.")
            return self.stage.findings([*proof(everything(client), self.known), again])

    def _exchange(self, records: list[Record]) -> None:
        asked = busiest(records)
        name, now = agencies()[asked], datetime.now(UTC)
        self.stage.say(f"1. The hospital pushes its caseload: {len(records)} records of {_clients(records)}.")
        self._push("hospital", None, records)
        self.stage.say(f"2. {name}, with a ledger of its own, pulls what it is asked, and answers.")
        answers = answered(self._pull(name, asked), asked, now, Chance(self.seed))
        self._push(name, asked, list(answers))
        told = [_told(each, asked) for each in answers]
        self.stage.examples(f"{name} answers", ("referral", "for", "answer", "provided, or why not"), told)
        self.stage.say("3. The hospital pulls the answers.")
        news = self._news()
        self.stage.say("4. It closes what is done, in plan and case too, and asks the next agency after a decline.")
        followed = followed_up(self.known, news, now)
        self._remember(followed)
        self._push("hospital", None, followed)
        closed = [self._standing(each, asked) for each in news]
        self.stage.examples(
            "the loop is closed", ("referral", "answer", "is now", "in the plan", "next agency"), closed
        )

    def _news(self) -> list[Referral]:
        """The answers; beside them the server gives what it only spells in another way."""
        back = self._pull("hospital", None)
        told = [record for record in back if record.key is None or self.known.get(record.key) != record]
        self._remember(back)
        if same := len(back) - len(told):
            self.stage.add(
                f"{len(told)} bring answers; {same} more say what they said, "
                "but the server spells their decimals in its own way (72.50 as 72.5)."
            )
        answers = [record for record in told if isinstance(record, Referral)]
        return sorted(answers, key=lambda referral: referral.key.value)

    def _standing(self, answer: Referral, asked: str) -> tuple[str, ...]:
        """Where a referral stands: its own status, its activity's in the plan, and the agency asked next."""
        now = self.known[answer.key]
        if not isinstance(now, Referral):
            raise TypeError(type(now))
        plan = self.known.get(now.plan.record) if now.plan and now.plan.record else None
        activities = plan.activities if isinstance(plan, CarePlan) else ()
        done = next((each.status for each in activities if each.id == now.activity), "")
        following = [agencies().get(number_of(each), "") for each in now.offers[len(answer.offers) :]]
        answers = _answer(answer, asked)
        nobody = "nobody left to ask" if answers == "declined" else ""
        return now.key.value, answers, now.status, done, ", ".join(following) or nobody

    def _again(self) -> Finding:
        """Push all of it once more: nothing may go over."""
        self.stage.say("5. The hospital pushes all of it once more: nothing may go over.")
        report = self._push("hospital", None, list(self.known.values()))
        wrong = f"{report.requests} requests, {report.created} created, {report.updated} updated"
        silent = not (report.requests or report.created or report.updated)
        return Finding("a second push sends nothing", report.given, () if silent else (wrong,))

    def _remember(self, records: list[Record]) -> None:
        self.known.update({record.key: record for record in records if record.key is not None})

    def _push(self, who: str, organization: str | None, records: list[Record]) -> PushReport:
        with self._site(organization) as site, self.watch() as tell:
            report = site.push(((as_line(record).strip(), record) for record in records), progress=tell)
        self.reports.append((who, report))
        self._waiting(report)
        return report

    def _pull(self, who: str, organization: str | None) -> list[Record]:
        with self._site(organization) as site, self.watch() as tell:
            report = site.pull(progress=tell)
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


def _clients(records: list[Record]) -> str:
    number = sum(1 for record in records if record.key is not None and record.key.kind == "case")
    return f"{number} {'client' if number == 1 else 'clients'}"


def _answer(referral: Referral, us: str) -> str:
    return ", ".join(each.status for each in referral.offers if ours(each, us))


def _told(referral: Referral, us: str) -> tuple[str, str, str, str]:
    mine = [each for each in referral.offers if ours(each, us)]
    given = [each.quantity for offer in mine for each in offer.outcomes if each.quantity]
    why = [each.status_reason.text or "" for each in mine if each.status == "declined" and each.status_reason]
    words = ", ".join([*(f"{each.value} {each.unit}" for each in given), *why])
    return referral.key.value, referral.domain, _answer(referral, us), words
