"""What the exchange costs beside sending the same without any care, on real servers and on one that answers at once.

`python -m benchmarks.exchange` starts SEKMET; `--url URL` takes another server. Figures are of one run, both
sides in turn.
"""

import argparse
import gc
import json
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from fhirpy import SyncFHIRClient
from rich.console import Console
from rich.table import Table
from typer.testing import CliRunner

from benchmarks.null_server import null_server
from fhircase.cli import app
from fhircase.client import FHIRClient
from fhircase.config import Config
from fhircase.demo.server import local_server
from fhircase.exchange.links import key_of
from fhircase.fhir import bundle, jsontext
from fhircase.ledger import Local, RecordKey, Resource, Verdict, open_ledger
from fhircase.mapping import to_fhir
from fhircase.model import Record
from fhircase.records import as_line, cuts, read_record
from fhircase.records.sample import sample
from fhircase.wiring import open_site
from fhircase.worker.texts import digest, mapping_digest

HOSPITAL = b"https://hospital.example"
CLAIMED = 200
"""Records claimed at a time, as a push does."""
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


def beside_posting(caseload: Caseload, folder: Path, parallel: int, rounds: int) -> Row:
    """Our push beside a bare client that posts the very same bundles, of yet another hospital."""
    ours = theirs = 0.0
    for number in range(rounds):
        one, other = f"https://h-{uuid4().hex[:9]}.example", f"https://h-{uuid4().hex[:9]}.example"
        lines = caseload.of(one)
        caseload.register(lines)
        heard: list[bytes] = []
        ours += timed(lambda: push_all(caseload.url, lines, folder, one, heard, parallel))  # noqa: B023 - called at once
        again = [body.replace(one.encode(), other.encode()) for body in heard]
        theirs += timed(lambda: post_all(caseload.url, again, parallel))  # noqa: B023
        print(f"round {number + 1}: {len(lines)} records, {len(heard)} bundles", flush=True)
    count = rounds * len(lines)
    return Row("push, new records", "bare client, same bundles", count, count / ours, count / theirs)


def beside_fhirpy(caseload: Caseload, folder: Path, parallel: int, some: int) -> Row:
    """Our push of records beside fhirpy creating the same resources one by one."""
    hospital = f"https://h-{uuid4().hex[:9]}.example"
    lines = caseload.of(hospital)[:some]
    caseload.register(lines)
    ours = timed(lambda: push_all(caseload.url, lines, folder, hospital, None, parallel))
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


def unchanged(url: str, folder: Path, records: int) -> Row:
    """A push of records that the server holds already, beside reading the lines of the file alone."""
    base = [(as_line(record), key_of(record)) for record in sample(1000, 1)]
    file, ledger = folder / "all.ndjson", folder / "all.ledger"
    mapping, now = mapping_digest("R4", ()), datetime(2026, 1, 1, tzinfo=UTC)
    with file.open("wb") as stream, open_ledger(ledger) as book, book.unit():
        for number in range(records):
            turn, at = divmod(number, len(base))
            hospital = b"https://hospital-%d.example" % turn
            line = base[at][0].replace(HOSPITAL, hospital)
            stream.write(line)
            key, text = base[at][1]._replace(namespace=hospital.decode()), line.rstrip()
            book.keep(key, text, now=now, local=Local(text, digest(text, mapping)))
            book.keep_resources([Resource("s", key, "request", f"Task/{number}", 'W/"1"', text, mapping)], now=now)
            book.pulled("s", [key], now=now)
    config = folder / "fhircase.toml"
    config.write_text(f'ledger = "all.ledger"\n[servers.s]\nurl = "{url}"\n', encoding="utf-8")
    words = ["push", str(file), "--server", "s", "--config", str(config), "--json"]
    said = CliRunner().invoke(app, words)
    report = jsontext.decode(said.stdout.encode())
    if (report["unchanged"], report["requests"]) != (records, 0):
        raise SystemExit(f"not everything was unchanged: {said.output[-1000:]}")
    seconds = timed(lambda: CliRunner().invoke(app, words))
    floor = timed(lambda: _read(file))
    return Row("push, nothing changed", "reading the lines", records, records / seconds, records / floor)


def _read(file: Path) -> int:
    with file.open("rb") as stream:
        return sum(len(line) for line in stream)


def null_cost(folder: Path, clients: int, parallel: int) -> Iterator[Row]:
    """What we add to a server that answers at once: processor time for each resource beside encoding it alone."""
    with null_server() as url:
        caseload = Caseload(url, clients)
        lines = caseload.lines
        hospital = HOSPITAL.decode()
        push_all(url, lines[:30], folder, hospital, None, parallel)
        heard: list[bytes] = []
        start = time.process_time()
        push_all(url, lines, folder, hospital, heard, parallel)
        ours = time.process_time() - start
        start = time.process_time()
        post_all(url, heard, parallel)
        theirs = time.process_time() - start
        count = sum(len(jsontext.decode(body)["entry"]) for body in heard)
        yield Row("resources, null server, processor time", "bare client", count, count / ours, count / theirs)


def beside_sqlite(folder: Path, records: int) -> Row:
    """Claiming and settling beside a loop on bare SQLite that changes as many rows in as many transactions."""
    now, keys = datetime(2026, 1, 1, tzinfo=UTC), [RecordKey("case", "n", str(number)) for number in range(records)]
    with open_ledger(folder / "rate.ledger") as book:
        with book.unit():
            for key in keys:
                book.keep(key, b"{}", now=now)
            book.wish("s", keys, now=now)

        def ours() -> None:
            lease = timedelta(minutes=1)
            while claims := book.claim("s", owner="me", limit=CLAIMED, lease=lease, now=now):
                for claim in claims:
                    book.settle(claim, Verdict.accepted(), now=now)

        seconds = timed(ours)
    bare = timed(lambda: _bare(folder / "bare.sqlite", records))
    return Row("ledger, claim and settle", "bare SQLite loop", records, records / seconds, records / bare)


def _bare(file: Path, records: int) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as book:
        book.execute("PRAGMA journal_mode = WAL")
        book.execute("PRAGMA synchronous = FULL")
        book.execute("CREATE TABLE owed (id INTEGER PRIMARY KEY, state TEXT, owner TEXT)")
        book.execute("CREATE INDEX by_state ON owed (state)")
        book.execute("BEGIN")
        book.executemany("INSERT INTO owed VALUES (?, 'owed', NULL)", ((number,) for number in range(records)))
        book.execute("COMMIT")
        while True:
            book.execute("BEGIN IMMEDIATE")
            some = book.execute("SELECT id FROM owed WHERE state = 'owed' ORDER BY id LIMIT ?", (CLAIMED,)).fetchall()
            book.executemany("UPDATE owed SET state = 'sending', owner = 'me' WHERE id = ?", some)
            book.execute("COMMIT")
            if not some:
                return
            for one in some:
                book.execute("BEGIN IMMEDIATE")
                book.execute("UPDATE owed SET state = 'agreed', owner = NULL WHERE id = ?", one)
                book.execute("COMMIT")


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser(prog="benchmarks.exchange", description=__doc__)
    options.add_argument("--url", help="a server; without one SEKMET is started")
    options.add_argument("--records", type=int, default=5000)
    options.add_argument("--some", type=int, default=300, help="records for those who send one by one")
    options.add_argument("--many", type=int, default=100_000, help="records of which none has changed")
    options.add_argument("--parallel", type=int, default=4)
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--only", choices=["posting", "fhirpy", "unchanged", "null", "ledger"], action="append")
    chosen = options.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _server(chosen.url, folder) as url:
            caseload = Caseload(url, round(chosen.records / chosen.rounds / 3.03))
            todo: dict[str, Callable[[], Iterator[Row]]] = {
                "posting": lambda: iter([beside_posting(caseload, folder, chosen.parallel, chosen.rounds)]),
                "fhirpy": lambda: iter([beside_fhirpy(caseload, folder, chosen.parallel, chosen.some)]),
            }
            rows += [row for what, work in todo.items() if what in (chosen.only or todo) for row in work()]
        if "null" in (chosen.only or ["null"]):
            rows += null_cost(folder, 300, chosen.parallel)
        if "ledger" in (chosen.only or ["ledger"]):
            rows.append(beside_sqlite(folder, 5000))
        if "unchanged" in (chosen.only or ["unchanged"]):
            with null_server() as url:
                rows.append(unchanged(url, folder, chosen.many))
    table = Table(title="records a second, wall clock, unless said otherwise")
    for heading in ("what", "against", "number", "ours", "theirs", "ours / theirs"):
        table.add_column(heading, justify="left" if heading in ("what", "against") else "right")
    for row in rows:
        table.add_row(
            row.what, row.against, str(row.number), f"{row.ours:.0f}", f"{row.theirs:.0f}", f"{row.ratio:.2f}"
        )
    Console(width=140).print(table)


@contextmanager
def _server(url: str | None, folder: Path) -> Iterator[str]:
    if url:
        yield url
        return
    with local_server(folder / "sekmet") as local:
        yield local.base_url


if __name__ == "__main__":
    main()
