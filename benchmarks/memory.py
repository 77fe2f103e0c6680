"""What the commands take of memory and time, with more records than anybody should hold at once.

`python -m benchmarks.memory --records 200000`: each command is a process of its own; its size is the most that it, or
the largest of the processes it starts, had in memory.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from fhircase.records import as_line
from fhircase.records.sample import sample

CLIENTS = 1000
"""So many are made up; more records are these again, each time from another hospital."""


@dataclass(frozen=True)
class Run:
    """What one command took."""

    what: str
    seconds: float
    processor: float
    """Seconds of processor time, of all its processes."""
    megabytes: float


def caseload(file: Path, count: int) -> None:
    """Write so many records."""
    lines = [as_line(record) for record in sample(CLIENTS, 1)]
    with file.open("wb") as stream:
        for number in range(count):
            turn, at = divmod(number, len(lines))
            stream.write(lines[at].replace(b"://hospital.example", b"://hospital-%d.example" % turn))


def run(what: str, *words: str) -> Run:
    """Run `fhircase` with these words."""
    start = time.monotonic()
    child = os.posix_spawn(sys.executable, [sys.executable, "-m", "fhircase", *words], os.environ)
    _, status, used = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"`fhircase {' '.join(words)}` failed")
    return Run(what, time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def runs(folder: Path, records: int, jobs: int) -> Iterator[Run]:
    """Every command, one after another."""
    given, resources, bundles = folder / "records", folder / "resources", folder / "bundles"
    caseload(given, records)
    out = ("--output", str(folder / "out"))
    spread = ("--jobs", str(jobs))
    yield run("map", "map", str(given), "--output", str(resources))
    yield run(f"map --jobs {jobs}", "map", str(given), *spread, *out)
    yield run("map --each", "map", str(given), "--each", "--output", str(bundles))
    yield run(f"map --each --jobs {jobs}", "map", str(given), "--each", *spread, *out)
    yield run("read --each", "read", str(bundles), "--each", *out)
    yield run(f"read --each --jobs {jobs}", "read", str(bundles), "--each", *spread, *out)
    yield run("read", "read", str(resources), *out)


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser(prog="benchmarks.memory", description=__doc__)
    options.add_argument("--records", type=int, default=20_000, help="records that are mapped and read")
    options.add_argument("--jobs", type=int, default=2, help="processes, where the work is spread")
    chosen = options.parse_args()
    table = Table(title=f"{chosen.records} records")
    for heading in ("command", "seconds", "processor, s", "largest process, MB"):
        table.add_column(heading, justify="left" if heading == "command" else "right")
    with tempfile.TemporaryDirectory() as folder:
        for each in runs(Path(folder), chosen.records, chosen.jobs):
            sys.stderr.write(f"{each}\n")
            table.add_row(each.what, f"{each.seconds:.0f}", f"{each.processor:.0f}", f"{each.megabytes:.0f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
