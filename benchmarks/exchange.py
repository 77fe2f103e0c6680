"""What the exchange costs beside sending the same without any care, on real servers and on one that answers at once.

`python -m benchmarks.exchange` starts SEKMET; `--url URL` takes another server. Figures are of one run, both
sides in turn.
"""

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from typer.testing import CliRunner

from benchmarks.null_server import null_server
from benchmarks.pushing import (
    HOSPITAL,
    Caseload,
    Row,
    beside_fhirpy,
    beside_posting,
    in_memory,
    post_all,
    push_all,
    timed,
)
from fhircase.cli import app
from fhircase.demo.server import local_server
from fhircase.exchange.links import key_of
from fhircase.fhir import jsontext
from fhircase.ledger import Local, RecordKey, Resource, Verdict, open_ledger
from fhircase.records import as_line
from fhircase.records.sample import sample
from fhircase.worker.texts import digest, mapping_digest

ALL = ("posting", "fhirpy", "unchanged", "null", "ledger", "memory")
CLAIMED = 200
"""Records claimed at a time, as a push does."""


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
    options.add_argument("--grown", type=int, default=20_000, help="records of the larger push whose memory is taken")
    options.add_argument("--parallel", type=int, default=4)
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--only", choices=ALL, action="append")
    chosen = options.parse_args()
    rows: list[Row] = []
    only, parallel = chosen.only or ALL, chosen.parallel
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if {"posting", "fhirpy"} & {*only}:
            with _server(chosen.url, folder) as url:
                rows += _on_a_server(url, folder, chosen, only)
        if "null" in only:
            rows += null_cost(folder, 300, parallel)
        if "ledger" in only:
            rows.append(beside_sqlite(folder, 5000))
        with null_server() as url:
            if "unchanged" in only:
                rows.append(unchanged(url, folder, chosen.many))
            if "memory" in only:
                for each in in_memory(url, folder, chosen.grown, parallel):
                    print(each, flush=True)
    table = Table(title="records a second, wall clock, unless said otherwise")
    for heading in ("what", "against", "number", "ours", "theirs", "ours / theirs"):
        table.add_column(heading, justify="left" if heading in ("what", "against") else "right")
    for row in rows:
        table.add_row(
            row.what, row.against, str(row.number), f"{row.ours:.0f}", f"{row.theirs:.0f}", f"{row.ratio:.2f}"
        )
    Console(width=140).print(table)


def _on_a_server(url: str, folder: Path, chosen: argparse.Namespace, only: Sequence[str]) -> Iterator[Row]:
    caseload = Caseload(url, round(chosen.records / chosen.rounds / 3.03))
    if "posting" in only:
        yield beside_posting(caseload, folder, chosen.parallel, chosen.rounds)
    if "fhirpy" in only:
        yield beside_fhirpy(caseload, folder, chosen.parallel, chosen.some)


@contextmanager
def _server(url: str | None, folder: Path) -> Iterator[str]:
    if url:
        yield url
        return
    with local_server(folder / "sekmet") as local:
        yield local.base_url


if __name__ == "__main__":
    main()
