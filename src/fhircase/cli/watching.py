"""`fhircase mappings check --watch`: checked again at each change of a file, until Ctrl-C."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from fhircase.cli.screen import amount, say
from fhircase.errors import Problem

ENDINGS = (".yaml", ".yml", ".csv", ".json")
"""What a mapping is made of: rules, code tables, ConceptMaps, schemas."""
PAUSE = 300
"""Milliseconds after which the watch looks up, if nothing happens."""


def check_again(check: Callable[[], list[Problem]], names: Iterable[str]) -> None:
    """Check now and after each change, and tell what is new (`+`) and what is gone (`-`)."""
    from fhircase.mapping import files
    from fhircase.mapping.compiled import forget

    try:
        from watchfiles import watch
    except ImportError:
        raise typer.BadParameter("needs watchfiles: pip install 'fhircase[watch]'", param_hint="--watch") from None
    own = [Path(name).absolute().parent for name in names if Path(name).suffix in ENDINGS]
    folders = list(dict.fromkeys([*own, files.folder()]))
    # An editor may put a new file in an old one's place: so it is the folder that is watched.
    ours = watch(
        *folders,
        watch_filter=lambda _, path: path.endswith(ENDINGS),
        rust_timeout=PAUSE,
        yield_on_timeout=True,
    )
    with suppress(KeyboardInterrupt):
        # The first pause ends when the watch is on: what is changed after the first check cannot be missed.
        next(ours)
        known = _tell({}, check())
        for changes in ours:
            if changes:
                forget()
                known = _tell(known, check())


def _tell(before: Mapping[Problem, Problem], problems: Iterable[Problem]) -> dict[Problem, Problem]:
    """Tell the difference; a problem whose line has only moved is the same."""
    now = {_without_line(problem): problem for problem in problems}
    for each in before.keys() - now.keys():
        say(f"- {before[each]}")
    for each, problem in now.items():
        if each not in before:
            say(f"+ {problem}")
    say(f"{amount(len(now), 'problem')}; Ctrl-C ends" if now else "no problems; Ctrl-C ends")
    return now


def _without_line(problem: Problem) -> Problem:
    same: dict[str, Any] = {"source": problem.source.rpartition(":")[0] or problem.source}
    return replace(problem, **same)
