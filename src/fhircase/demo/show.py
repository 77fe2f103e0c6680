"""What the demonstration tells people: stages and tables."""

from collections.abc import Iterable, Sequence

from rich.box import ROUNDED
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fhircase.demo.proof import Finding
from fhircase.worker.report import PullReport, PushReport

MOST = 12
"""Rows of examples; the rest is counted."""


class Stage:
    """Where the demonstration is shown."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def say(self, text: str) -> None:
        """Tell what happens next."""
        self.console.print(Text(f"\n{text}", style="bold"))

    def add(self, text: str) -> None:
        """Add to what was told."""
        self.console.print(Text(text))

    def table(self, title: str, columns: Iterable[str], rows: Iterable[Sequence[str]]) -> None:
        """Show a table; a column in which nothing stands is left out."""
        lines = list(rows)
        filled = [(name, at) for at, name in enumerate(columns) if any(line[at] for line in lines)]
        shown = Table(*(name for name, _ in filled), title=title, box=ROUNDED, title_justify="left")
        for line in lines:
            shown.add_row(*(Text(line[at]) for _, at in filled))
        self.console.print(shown)

    def exchanged(self, reports: Iterable[tuple[str, PushReport | PullReport]]) -> None:
        """Show what each push and pull did."""
        rows = [(who, *_row(report)) for who, report in reports]
        self.table("what went over, all in all", ("who", "did", "records", "created", "updated", "requests"), rows)

    def examples(self, title: str, columns: Iterable[str], rows: Sequence[tuple[str, ...]]) -> None:
        """Show the first rows and count the rest."""
        self.table(title, columns, rows[:MOST])
        if len(rows) > MOST:
            self.console.print(f"... and {len(rows) - MOST} more")

    def findings(self, findings: Iterable[Finding]) -> bool:
        """Show the proof, and say whether it holds."""
        rows, holds = [], True
        for each in findings:
            holds = holds and not each.wrong
            rows.append(("no" if each.wrong else "yes", each.what, str(each.count), "\n".join(each.wrong[:MOST])))
        self.table("the proof", ("ok?", "what must hold", "looked at", "wrong"), rows)
        missed = "The proof fails: see the lines that say no."
        self.say("Everything holds: nothing is missing, doubled or different." if holds else missed)
        return holds


def _row(report: PushReport | PullReport) -> tuple[str, ...]:
    if isinstance(report, PushReport):
        return "push", str(report.sent), str(report.created), str(report.updated), str(report.requests)
    return "pull", str(len(report.changes)), "", "", str(report.requests)
