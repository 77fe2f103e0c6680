"""`make bench`: every benchmark, as one table."""

import argparse

from rich.console import Console
from rich.table import Table

from benchmarks import mapping


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    options.add_argument("--clients", type=int, default=100, help="clients in the sample caseload")
    options.add_argument("--rounds", type=int, default=7, help="counted rounds; the median is shown")
    chosen = options.parse_args()
    table = Table(title="CPU time, medians; `faster` is the median of the ratios round by round")
    for heading in ("what", "against", "resources", "ours, µs each", "theirs, µs each", "faster"):
        table.add_column(heading, justify="left" if heading in ("what", "against") else "right")
    for what, peer, pair, count in mapping.rows(chosen.clients, chosen.rounds):
        ours, peers = (f"{seconds / count * 1e6:.0f}" for seconds in (pair.ours, pair.peers))
        table.add_row(what, peer, str(count), ours, peers, f"{pair.ratio:.1f} x")
    Console().print(table)


if __name__ == "__main__":
    main()
