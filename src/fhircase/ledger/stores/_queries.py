"""SQL kept in files: `-- name: some_name` starts a query that lasts until the next such line."""

import re
import sqlite3
from collections.abc import Iterator
from importlib.resources import files

_NAME = re.compile(r"^-- name: *(\w+) *$", re.MULTILINE)


def parse(text: str) -> dict[str, str]:
    """Split a file of named queries.

    Raises:
        ValueError: a name is given twice.
    """
    pieces = _NAME.split(text)[1:]
    names = pieces[::2]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"named twice: {', '.join(sorted(twice))}")
    return {name: query.strip() for name, query in zip(names, pieces[1::2], strict=True)}


def load(package: str, name: str) -> dict[str, str]:
    """Read the named queries that lie beside a module."""
    return parse(files(package).joinpath(name).read_text(encoding="utf-8"))


def statements(script: str) -> Iterator[str]:
    """Split a script into statements, so that it can run inside a transaction of ours."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
    if statement.strip():
        raise ValueError(f"unfinished statement: {statement.strip()[:60]}")
