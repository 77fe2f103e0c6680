"""Pushes of new records beside a bare client and beside `fhirpy`, and what they need in memory.

What is timed is the command, a process of its own, as an operator starts it.
"""

import gc
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from fhirpy import SyncFHIRClient

from benchmarks.memory import Run, caseload, run
from fhircase.client import FHIRClient
from fhircase.config import Config
from fhircase.fhir import bundle, jsontext
from fhircase.mapping import to_fhir
from fhircase.model import Record
from fhircase.records import as_line, cuts, read_record
from fhircase.records.sample import sample
from fhircase.wiring import open_site

HOSPITAL = b"https://hospital.example"
Lines = list[tuple[bytes, Record]]


@dataclass(frozen=True)
class Row:
    """One comparison: how many a second, and ours over theirs."""

    what: str
    against: str
    number: int
    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        """How much of the other's rate we reach."""
        return self.ours / self.theirs


class Caseload:
    """The records of a sample caseload as those of one hospital after another, so that each is new to the server."""

    def __init__(self, url: str, clients: int) -> None:
        self.url = url
        self.clients = clients
        self.lines = [(as_line(record), record) for record in sample(clients, 1)]

    def of(self, hospital: str) -> Lines:
        """The same caseload at another hospital, whose clients the server knows."""
        texts = b"".join(text.replace(HOSPITAL, hospital.encode()) for text, _ in self.lines)
        with tempfile.TemporaryFile() as file:
            file.write(texts)
            file.seek(0)
            return [(cut.text, read_record(cut).record) for cut in cuts(file, "sample")]

    def register(self, lines: Lines) -> None:
        """Make the clients known to the server."""
        patients = [
            {"resourceType": "Patient", "identifier": [{"system": each.system, "value": each.value}]}
            for _, record in lines
            if hasattr(record, "team")
            for each in record.client.identifiers[:1]
        ]
        with FHIRClient(self.url) as client:
            for start in range(0, len(patients), 100):
                client.transaction([bundle.create(patient) for patient in patients[start : start + 100]])


def timed(work: Callable[[], Any]) -> float:
    """Seconds."""
    gc.collect()
    start = time.monotonic()
    work()
    return time.monotonic() - start


def push_all(url: str, lines: Lines, folder: Path, hospital: str, heard: list[bytes] | None, parallel: int) -> None:
    """Push everything into a new ledger; with `heard`, keep the transactions that go out."""
    systems = [f"{hospital}/mrn"]
    server = {"url": url, "patient_identifiers": systems, "parallel": parallel}
    config = Config.model_validate({"ledger": str(folder / uuid4().hex), "servers": {"s": server}})
    with open_site(config, "s") as site, recorded(heard):
        report = site.push(lines)
    if (report.outstanding, report.sent) != (0, len(lines)):
        raise SystemExit(f"not everything was sent: {report}")


@contextmanager
def recorded(heard: list[bytes] | None) -> Iterator[None]:
    """Keep the bodies of the transactions that `requests` sends."""
    send, lock = requests.Session.send, threading.Lock()

    def listening(session: Any, request: Any, **more: Any) -> Any:
        if heard is not None and request.method == "POST" and b'"transaction"' in request.body[:200]:
            with lock:
                heard.append(request.body)
        return send(session, request, **more)

    requests.Session.send = listening  # type: ignore[method-assign]
    try:
        yield
    finally:
        requests.Session.send = send  # type: ignore[method-assign]


def post_all(url: str, bodies: Sequence[bytes], parallel: int) -> None:
    """Post bundles that are ready, with as many connections, looking at nothing but the status."""
    local = threading.local()

    def post(body: bytes) -> None:
        if not hasattr(local, "session"):
            local.session = requests.Session()
        headers = {"Content-Type": "application/fhir+json", "Prefer": "return=representation"}
        answer = local.session.post(url, data=body, headers=headers, timeout=120)
        answer.raise_for_status()

    with ThreadPoolExecutor(parallel) as pool:
        list(pool.map(post, bodies))


def command(url: str, lines: Lines, folder: Path, hospital: str, parallel: int) -> Run:
    """Push everything into a new ledger with the command."""
    own = folder / uuid4().hex
    own.mkdir()
    (own / "records.ndjson").write_bytes(b"".join(text.rstrip() + b"\n" for text, _ in lines))
    return pushed(own, url, [f"{hospital}/mrn"], parallel)


def pushed(own: Path, url: str, systems: Sequence[str], parallel: int) -> Run:
    """Run the command on what lies in a folder; it fails unless everything is sent."""
    config = own / "fhircase.toml"
    settings = f'url = "{url}"\npatient_identifiers = {json.dumps(systems)}\nparallel = {parallel}\n'
    config.write_text(f'ledger = "ledger"\n[servers.s]\n{settings}', encoding="utf-8")
    return run("push", "push", str(own / "records.ndjson"), "--server", "s", "--config", str(config))


def fresh() -> str:
    """A hospital of which no server has heard yet."""
    return f"https://h-{uuid4().hex[:9]}.example"


def beside_posting(caseload: Caseload, folder: Path, parallel: int, rounds: int) -> Row:
    """Our push beside a bare client that posts the very same bundles, each for a hospital of its own."""
    ours = theirs = 0.0
    for number in range(rounds):
        first, one, other = fresh(), fresh(), fresh()
        heard: list[bytes] = []
        for hospital in (first, one):
            caseload.register(caseload.of(hospital))
        push_all(caseload.url, caseload.of(first), folder, first, heard, parallel)
        lines = caseload.of(one)
        done = command(caseload.url, lines, folder, one, parallel)
        ours += done.seconds
        again = [body.replace(first.encode(), other.encode()) for body in heard]
        theirs += timed(lambda: post_all(caseload.url, again, parallel))  # noqa: B023 - called at once
        print(f"round {number + 1}: {len(lines)} records, {len(heard)} bundles, {done}", flush=True)
    count = rounds * len(lines)
    return Row("push, new records", "bare client, same bundles", count, count / ours, count / theirs)


def beside_fhirpy(caseload: Caseload, folder: Path, parallel: int, some: int) -> Row:
    """Our push of records beside fhirpy creating the same resources one by one."""
    hospital = fresh()
    lines = caseload.of(hospital)[:some]
    caseload.register(lines)
    ours = command(caseload.url, lines, folder, hospital, parallel).seconds
    client = SyncFHIRClient(caseload.url)
    made = [each for _, record in lines for each in to_fhir(record, "R4") if each["resourceType"] != "Patient"]
    # References would lead nowhere, and fhirpy takes no decimals: what is compared is the way of sending.
    texts = [jsontext.encode(each).replace(b'"reference":"urn:uuid:', b'"display":"') for each in made]
    plain = [{name: value for name, value in json.loads(text).items() if name != "id"} for text in texts]

    def one_by_one() -> None:
        for resource in plain:
            client.resource(resource["resourceType"], **resource).save()

    theirs = timed(one_by_one)
    return Row("push, new records", "fhirpy, one by one", len(lines), len(lines) / ours, len(lines) / theirs)


def in_memory(url: str, folder: Path, records: int, parallel: int) -> Iterator[Run]:
    """What a push needs in memory with few records, and with ten times as many."""
    for count in (records // 10, records):
        own = folder / f"memory-{count}"
        own.mkdir()
        caseload(own / "records.ndjson", count)
        systems = [HOSPITAL.decode() + "/mrn", *(f"https://hospital-{n}.example/mrn" for n in range(count // 3000 + 1))]
        yield pushed(own, url, systems, parallel)
