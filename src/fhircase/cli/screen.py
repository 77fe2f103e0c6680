"""What goes to people: messages and progress on stderr, tables on stdout."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import typer

from fhircase.errors import Problem

T = TypeVar("T")
PATIENCE = 1.0
"""Seconds after which progress is shown."""


def say(text: str) -> None:
    """Tell people something, on stderr."""
    typer.echo(text, err=True)


def complain(problems: Iterable[Problem]) -> int:
    """Tell people what is wrong, one problem a line, and say how many there were."""
    count = 0
    for count, problem in enumerate(problems, start=1):  # noqa: B007 - the count is what is returned
        say(str(problem))
    return count


def amount(number: int, one: str, many: str = "") -> str:
    """`1 record`, `2 records`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Show a table on stdout; in a pipe without borders and as wide as it needs to be."""
    from rich.box import ROUNDED
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = sys.stdout.isatty()
    shown = Table(*columns, title=title or None, box=ROUNDED if terminal else None, title_justify="left")
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    Console(width=None if terminal else 10_000, highlight=False).print(shown, soft_wrap=not terminal)


def watched(items: Iterable[T], what: str) -> Iterator[T]:
    """The same items, with progress on stderr when it is a terminal and they take long."""
    meter = Meter(what)
    try:
        for number, item in enumerate(items, start=1):
            yield item
            meter(number)
    finally:
        meter.close()


class Meter:
    """A progress bar that comes only on a terminal, and only after a second."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._started = time.monotonic()
        self._bar: Any = None
        self._task: Any = None
        self._wanted = sys.stderr.isatty()

    def __call__(self, done: int, total: int | None = None) -> None:
        """Say how far it is."""
        if not self._wanted:
            return
        if self._bar is None and time.monotonic() - self._started > PATIENCE:
            self._show()
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total)

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._bar.start()
        self._task = self._bar.add_task(self._what, total=None)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
