"""The small changes, mutmut's: what each is, which lines it touches."""

import ast
import difflib
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path

from mutmut.mutation.file_mutation import create_mutations, deep_replace


@dataclass(frozen=True)
class Change:
    """One small change of one file."""

    path: Path
    text: str
    """The whole file with the change in it."""
    diff: str
    lines: tuple[int, ...]
    """Those of the statement that is changed, by their numbers in the file as it is."""

    @property
    def name(self) -> str:
        """The same for the same change of the same lines."""
        return f"{self.path}:{blake2b(self.diff.encode(), digest_size=6).hexdigest()}"


def count(path: Path) -> int:
    """How many changes can be made in a file."""
    return len(_mutations(path)[1])


def made(path: Path, number: int) -> Change:
    """One of them."""
    before = path.read_text(encoding="utf-8")
    module, mutations = _mutations(path)
    after = deep_replace(module, mutations[number].original_node, mutations[number].mutated_node).code
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    told = [line for line in difflib.unified_diff(old, new, n=1) if not line.startswith(("---", "+++", "@@"))]
    return Change(path, after, "".join(told), _statement(before, _first(old, new)))


@cache
def _mutations(path: Path):  # noqa: ANN202 - mutmut's own types say nothing to a reader
    module, mutations, *_ = create_mutations(str(path), path.read_text(encoding="utf-8"))
    return module, mutations


def _first(old: list[str], new: list[str]) -> int:
    """The number of the first line that differs."""
    return next(at for at, (was, now) in enumerate(zip(old, new, strict=False), 1) if was != now)


def _statement(text: str, line: int) -> tuple[int, ...]:
    """The lines of the innermost statement at a line: not all of them are told when it runs. Of a block, its head."""
    around = [each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.stmt)]
    inner = max(
        (each for each in around if each.lineno <= line <= (each.end_lineno or 0)), key=lambda each: each.lineno
    )
    body = getattr(inner, "body", None)
    end = body[0].lineno - 1 if body else inner.end_lineno
    return tuple(range(inner.lineno, max(inner.lineno, line, end or 0) + 1))
