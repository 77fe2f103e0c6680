"""On which line of which mapping file something stands, so that every message can say it."""

import re
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq


def stamp(node: Any, file: str, folder: str = "") -> None:
    """Note the file and its folder at every entry's line, where they outlive copies and overlays."""
    if isinstance(node, CommentedMap | CommentedSeq):
        node.lc.file, node.lc.folder = file, folder
        for inner in node.values() if isinstance(node, CommentedMap) else node:
            stamp(inner, file, folder)


def beside(node: Any, name: str) -> Path:
    """A file that an entry names, relative to the file in which it stands."""
    return Path(getattr(node.lc, "folder", ""), name) if isinstance(node, CommentedMap | CommentedSeq) else Path(name)


def source(node: Any, key: Any = None) -> str:
    """`file:line` of an entry, or of one key or index of it; empty for what was not read from a file."""
    if not isinstance(node, CommentedMap | CommentedSeq):
        return ""
    if node.lc.line is None:
        # The copy of an empty list knows no line, nor does what an overlay made room with.
        return source(node.get(key)) if isinstance(node, CommentedMap) and key is not None else ""
    lines = node.lc.data or {}
    if key is not None and key not in lines and isinstance(node, CommentedMap):
        # An overlay has put it there.
        return source(node.get(key)) or source(node)
    line = lines[key][0] if key in lines else node.lc.line
    return f"{node.lc.file}:{line + 1}"


def overlaid(node: CommentedMap, at: str) -> None:
    """Note where an overlay changed an entry."""
    node.lc.over = [*getattr(node.lc, "over", ()), at]


def written_at(node: Any, key: Any) -> str:
    """As `source`, and where overlays changed it: `case.yaml:41+site.yaml:7`."""
    inner = node.get(key) if isinstance(node, CommentedMap) else None
    over = getattr(inner.lc, "over", ()) if isinstance(inner, CommentedMap) else ()
    return "+".join([source(node, key), *over])


def said_at(spec: Any, what: str) -> str:
    """`file:line` of the words of a rule that a message is about: those that hold the first name it quotes."""
    quoted = re.search(r"`([^`]+)`", what)
    found = _holding(spec, quoted.group(1)) if quoted else None
    return source(*found) if found else ""


def _holding(node: Any, name: str) -> tuple[Any, Any] | None:
    """The nearest entry that holds a text: bare words first, then what is inside lists and maps."""
    if not isinstance(node, CommentedMap | CommentedSeq):
        return None
    entries = list(node.items()) if isinstance(node, CommentedMap) else list(enumerate(node))
    for key, value in entries:
        if key == name or (isinstance(value, str) and name in value):
            return node, key
    for _, value in entries:
        if found := _holding(value, name):
            return found
    return None
