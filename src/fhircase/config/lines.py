"""On which line of a TOML file a setting stands; the standard parser does not tell."""

import re

_TABLE = re.compile(r"^\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?$")
_SETTING = re.compile(r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_NAME = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def places(text: str) -> dict[tuple[str, ...], int]:
    """The line of each table and setting, from 1. Text inside multi-line values may be mistaken for one."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := _TABLE.match(line):
            table = _names(heading[1])
            found.setdefault(table, number)
        elif setting := _SETTING.match(line):
            found.setdefault((*table, *_names(setting[1])), number)
    return found


def line(text: str, path: tuple[str | int, ...]) -> int | None:
    """The line of a setting, or of what holds it."""
    known = places(text)
    names = tuple(map(str, path))
    holders = (names[:length] for length in range(len(names), 0, -1))
    return next((known[holder] for holder in holders if holder in known), None)


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(name.strip("\"'") for name in _NAME.findall(dotted))
