"""One run: a caseload pushed by a process that is killed again and again, over a way on which much goes wrong."""

import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.chaos.agency import Agency
from tests.chaos.hospital import Hospital
from tests.chaos.pushing import Pushes
from tests.chaos.reading import history
from tests.chaos.verdict import Verdict, judged
from tests.chaos.weather import Weather
from tests.faults import between
from tests.world import World

from fhircase.demo import proof
from fhircase.ledger import Delivery, State, open_ledger
from fhircase.wiring import Site
from fhircase.worker import circuit
from fhircase.worker.texts import record_of

PATIENCE = 3.0
"""Seconds that a push waits for an answer."""
EACH = 3
"""Updates by the agency for each of its Tasks, at least."""
ENOUGH = 20
"""Pushes and pulls after the faults have ended; so many are never needed."""
SETTINGS = """\
namespace = "{namespace}"
ledger = "ledger"

[servers.ehr]
url = "{url}"
timeout = {timeout}
bundle_entries = {entries}
patient_identifiers = ["{namespace}/mrn"]
"""


@dataclass(frozen=True)
class Plan:
    """How much of everything."""

    records: int = 100
    kills: int = 5
    faults: float = 0.3
    edited: float = 0.1
    """Share of the Tasks that the agency edits, and of the clients' records that the hospital edits between kills."""
    entries: int = 20
    longest: float = 2.5
    """Seconds after its first request within which a push is killed."""


@dataclass
class Row:
    """What a run did, and what was wrong at its end."""

    seed: int
    records: int = 0
    requests: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    kills: int = 0
    edits: int = 0
    """Of the agency's."""
    said: int = 0
    """Edits of the hospital's."""
    conflicts: int = 0
    seconds: float = 0.0
    verdict: Verdict = field(default_factory=Verdict)


def run(url: str, folder: Path, seed: int, plan: Plan) -> Row:
    """Run once. The folder keeps the ledger, the file that was pushed and what the processes said."""
    began, row, chance = time.monotonic(), Row(seed), random.Random(seed)
    world = World(url, folder)
    hospital = Hospital(world, plan.records, chance, folder / "export.jsonl")
    row.records = len(hospital.records)
    _register(world, hospital)
    disputed = range(max(1, round(hospital.clients * plan.edited)))
    agency = Agency(world, disputed, random.Random(seed + 1), pause=0.05 + 6 / plan.records)
    with between(url) as way:
        way.patience = PATIENCE
        way.fault = weather = Weather(seed, plan.faults)
        _settings(world, folder, way.url, plan)
        agency.start()
        _killing(hospital, agency, weather, folder, plan, row)
        agency.stop()
        way.fault = None
        row.requests, row.faults = weather.requests, dict(weather.counts)
        with _later(world, way.url, plan) as site:
            _judge(site, hospital, agency, row)
    row.edits, row.said = len(agency.wrote), len(hospital.said)
    row.seconds = time.monotonic() - began
    world.close()
    return row


def _register(world: World, hospital: Hospital) -> None:
    world.organization()
    for number in range(hospital.clients):
        world.patient(number)


def _settings(world: World, folder: Path, url: str, plan: Plan) -> None:
    text = SETTINGS.format(namespace=world.namespace, url=url, timeout=PATIENCE, entries=plan.entries)
    (folder / "fhircase.toml").write_text(text)


def _killing(hospital: Hospital, agency: Agency, weather: Weather, folder: Path, plan: Plan, row: Row) -> None:
    """Push and kill, with the hospital editing in between, until both have had their share."""
    chance = hospital.chance
    hospital.export()
    with Pushes(folder) as pushes:
        while row.kills < plan.kills or len(agency.wrote) < EACH * len(agency.clients):
            code = _pushed(pushes, weather, chance.uniform(0, plan.longest) if row.kills < plan.kills else None)
            row.kills += code == -signal.SIGKILL
            if code not in (0, 4, -signal.SIGKILL):
                row.verdict.failed.append(f"a push ended with {code}, see said.log")
                return
            agency.fine()
            hospital.edit_some(plan.edited, agency.clients)
            hospital.export()


def _pushed(pushes: Pushes, weather: Weather, seconds: float | None) -> int:
    """Push, and kill it so many seconds after its first request: before, there is not much to interrupt."""
    before = weather.requests
    pushes.start()
    code = None
    while code is None and weather.requests == before:
        code = pushes.ended(0.01)
    if code is None:
        code = pushes.ended(seconds)
    return pushes.kill() if code is None else code


@contextmanager
def _later(world: World, url: str, plan: Plan) -> Iterator[Site]:
    """The same hospital when all pauses are over: nothing needs to be waited for."""
    with open_ledger(world.folder / "ledger") as ledger:
        # The last 503 may have asked for peace; that the faults have ended is what an operator would say.
        ledger.drop_fact("ehr", circuit.FACT)
    with world.hospital("ledger", url=url, bundle_entries=plan.entries) as site:
        station = site._station()
        ahead = timedelta(0)

        def now() -> datetime:
            nonlocal ahead
            ahead += timedelta(seconds=30)
            return datetime.now(UTC) + ahead

        site._open = replace(station, now=now)
        yield site


def _judge(site: Site, hospital: Hospital, agency: Agency, row: Row) -> None:
    """Let everything come to rest, and look; then let a person decide what is in conflict, and look again."""
    _rest(site, hospital, row)
    opened = site.conflicts()
    row.conflicts = len(opened)
    _look(site, hospital, agency, row)
    for number, conflict in enumerate(opened):
        site.settle(conflict.id, "ours" if number % 2 else "theirs")
        if not number % 2:
            hospital.give_up(conflict.ours or b"")
    if opened:
        _rest(site, hospital, row)
        _look(site, hospital, agency, row)


def _rest(site: Site, hospital: Hospital, row: Row) -> None:
    for _ in range(ENOUGH):
        pushed, pulled = site.push(hospital.inputs()), site.pull()
        if not (pushed.sent or pushed.owed or pushed.stopped or pulled.changes or pulled.stopped):
            return
    row.verdict.failed.append(f"it does not come to rest: {pushed.stopped or pulled.stopped or 'something is owed'}")


def _look(site: Site, hospital: Hospital, agency: Agency, row: Row) -> None:
    world, verdict, opened = hospital.world, row.verdict, site.conflicts()
    seen = history(world.url, world.namespace)
    named = b"".join(each.ours or b"" for each in opened)
    for kind, found in vars(judged(seen, hospital, agency, named)).items():
        known = getattr(verdict, kind)
        known += [each for each in found if each not in known]
    verdict.stuck += [
        _told(each) for state in State if state is not State.AGREED for each in site.ledger.in_state(state)
    ]
    verdict.stuck += [f"nobody disagrees at {each.path}" for each in opened if "status_reason" not in each.path]
    agreed = [record_of(kept.current) for kept in site.ledger.scan()]
    patients = [each for each in world.client.search("Patient") if world.owns(each)]
    live = [versions[-1].resource for versions in seen.values() if versions[-1].live]
    findings = proof.proof([*live, *patients], {record.key: record for record in agreed})
    verdict.altered += [wrong for each in findings if "equal ours" in each.what for wrong in each.wrong]
    verdict.missing += [wrong for each in findings if "are there" in each.what for wrong in each.wrong]


def _told(delivery: Delivery) -> str:
    return f"{delivery.key.kind} {delivery.key.value} is {delivery.state}: {delivery.reason}"
