"""`make chaos`: runs by seed, and a table of them; it fails if anything was lost, doubled, altered or stuck."""

import argparse
import logging
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from tests.chaos.run import Plan, Row, run

from fhircase.demo.server import local_server

COLUMNS = ("seed", "records", "requests", "faults", "kills", "edits", "said", "conflicts")
VERDICTS = ("missing", "doubled", "lost", "altered", "stuck", "failed")


def main() -> int:
    """Run as the command line says."""
    logging.disable(logging.WARNING)
    asked = _arguments()
    plan = Plan(asked.records, asked.kills, asked.faults, asked.edited, asked.entries)
    print(" ".join(f"{name:>9}" for name in (*COLUMNS, *VERDICTS, "seconds")), flush=True)
    bad = 0
    for seed in range(asked.first, asked.first + asked.seeds):
        folder = Path(mkdtemp(prefix=f"chaos-{seed}-"))
        with _server(asked.url, folder) as url:
            row = run(url, folder, seed, plan)
        print(line(row), flush=True)
        print(f"{'':>9} {', '.join(f'{kind} {count}' for kind, count in sorted(row.faults.items()))}", flush=True)
        if row.verdict.wrong:
            bad += 1
            print(
                *(f"{'':>9} {each}" for each in row.verdict.wrong[:20]),
                f"{'':>9} kept in {folder}",
                sep="\n",
                flush=True,
            )
        else:
            shutil.rmtree(folder)
    print(f"{asked.seeds - bad} of {asked.seeds} seeds without anything lost, doubled, altered or stuck")
    return 1 if bad else 0


def line(row: Row) -> str:
    """A row of the table."""
    counts = [sum(row.faults.values()) if name == "faults" else getattr(row, name) for name in COLUMNS]
    wrong = [len(getattr(row.verdict, name)) for name in VERDICTS]
    return " ".join(f"{value:>9}" for value in (*counts, *wrong, f"{row.seconds:.1f}"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos ARGS=...", description=__doc__)
    parser.add_argument("--records", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--faults", type=float, default=0.3, help="share of the requests that go wrong")
    parser.add_argument("--edited", type=float, default=0.1, help="share of the Tasks that the agency edits")
    parser.add_argument("--entries", type=int, default=50, help="of a transaction, at most")
    parser.add_argument("--url", help="a FHIR R4 server; without, SEKMET is started for each seed")
    return parser.parse_args()


@contextmanager
def _server(url: str | None, folder: Path) -> Iterator[str]:
    if url:
        yield url.rstrip("/")
        return
    with local_server(folder / "server") as server:
        yield server.base_url


if __name__ == "__main__":
    sys.exit(main())
