"""Python source in the making, and the two ways of giving up."""

import linecache
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


class Unstraight(Exception):
    """There is no straight-line form of this rule: the rule itself is called instead."""


class Unusual(Exception):
    """What was met is nothing that comes every day: the rules themselves look at it."""


class Source:
    """The lines of one function."""

    def __init__(self, module: "Module") -> None:
        self.module = module
        self.lines: list[str] = []
        self._depth = 1
        self._count = 0

    def __call__(self, line: str) -> None:
        """Add a line."""
        self.lines.append("    " * self._depth + line)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Lines that stand under another one."""
        self(f"{head}:")
        self._depth += 1
        before = len(self.lines)
        yield
        if len(self.lines) == before:
            self("pass")
        self._depth -= 1

    def name(self, stem: str) -> str:
        """A name that nothing else in the function has."""
        self._count += 1
        return f"{stem}{self._count}"

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Lines of which none stays when they turn out to be impossible."""
        before, depth = len(self.lines), self._depth
        try:
            yield
        except Unstraight:
            del self.lines[before:]
            self._depth = depth
            raise


class Module:
    """Functions that know each other, and the objects they use."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._functions: list[str] = []
        self._objects: dict[str, Any] = {}
        self._names: dict[int, str] = {}
        self._count = 0

    def object(self, thing: Any, stem: str = "o") -> str:
        """The name by which functions know an object."""
        if id(thing) not in self._names:
            self._names[id(thing)] = name = self.fresh(stem)
            self._objects[name] = thing
        return self._names[id(thing)]

    def fresh(self, stem: str) -> str:
        """A name that nothing else in the module has."""
        self._count += 1
        return f"{stem}_{self._count}"

    def add(self, head: str, source: Source, first: Sequence[str] = ()) -> None:
        """Take a function in."""
        lines = [*first, *source.lines] or ["    pass"]
        self._functions.append("\n".join([f"def {head}:", *lines, ""]))

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self._functions)

    def run(self) -> dict[str, Any]:
        """The functions, by name. A traceback shows their lines."""
        file = f"<{self._name}>"
        text = self.text
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), self._objects)  # noqa: S102 - the text is made of rules that were checked
        return self._objects


def literal(value: Any) -> str:
    """A JSON value as Python writes it."""
    return repr(value)
