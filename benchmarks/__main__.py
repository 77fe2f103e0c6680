"""`make bench`: every benchmark, as one table."""

import argparse

from rich.console import Console
from rich.table import Table

from benchmarks import mapping, translators


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    options.add_argument("--clients", type=int, default=100, help="clients in the sample caseload")
    options.add_argument("--rounds", type=int, default=7, help="counted rounds; the median is shown")
    chosen = options.parse_args()
    for title, count, rows in (
        ("A referral, the same work", "referrals", translators.rows),
        ("All kinds of record, beside building and dumping or parsing alone", "resources", mapping.rows),
    ):
        table = Table(title=f"{title}: CPU time, medians; `faster` is the median of the ratios round by round")
        for heading in ("what", "against", count, "ours, µs each", "theirs, µs each", "faster"):
            table.add_column(heading, justify="left" if heading in ("what", "against") else "right")
        for what, peer, pair, number in rows(chosen.clients, chosen.rounds):
            ours, peers = (f"{seconds / number * 1e6:.0f}" for seconds in (pair.ours, pair.peers))
            table.add_row(what, peer, str(number), ours, peers, f"{pair.ratio:.2f} x")
        Console(width=140).print(table)


if __name__ == "__main__":
    main()
