"""Runs what a document shows: its Python, and its `fhircase` commands with the output it promises.

A document is one session in one folder: what an example writes, the next one reads. A command which is
not ours is left to the reader (`make`, `pip`); one that is neither is an error: nothing goes unrun unnoticed.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser

OURS = {"fhircase", "cat", "head", "ls", "wc"}
THE_READERS = {".ci/run", ".venv/bin/fhircase", "cd", "git", "make", "pip", "python3", "source", "uv"}


@pytest.fixture
def run_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], list[int]]:
    """`run_document(path)` runs its examples and returns their lines."""
    folder = tmp_path / "reader"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    monkeypatch.setenv("COLUMNS", "110")
    for name in [name for name in os.environ if name.startswith("FHIRCASE_")]:
        monkeypatch.delenv(name)
    parsers = [PythonCodeBlockParser(), *map(_shell, ("console", "sh", "bash", "shell")), SkipParser()]

    def run(path: Path) -> list[int]:
        lines = []
        for example in Sybil(parsers).parse(path).examples():
            example.evaluate()
            lines.append(example.line)
        return lines

    return run


def _shell(language: str) -> CodeBlockParser:
    return CodeBlockParser(language, _run_shell)


def _run_shell(example: Example) -> str | None:
    prompts = "$ " in example.parsed
    for command, promised in _commands(example.parsed, prompts=prompts):
        program = command.split()[0]
        if program in THE_READERS:
            continue
        if program not in OURS:
            return f"nobody said whether {program!r} is to be run: see OURS in {__file__}"
        done = subprocess.run(  # noqa: S602 - a reader would type it into a shell
            command,
            shell=True,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            return f"$ {command}\nended with {done.returncode}\n{done.stdout}{done.stderr}"
        options = ELLIPSIS | NORMALIZE_WHITESPACE
        if promised.strip() and not OutputChecker().check_output(promised, done.stdout, options):
            return f"$ {command}\npromised:\n{promised}\nprinted:\n{done.stdout}{done.stderr}"
    return None


def _commands(block: str, *, prompts: bool) -> Iterator[tuple[str, str]]:
    """Each command with the output shown below it; without prompts, each line is a command."""
    block = block.replace("\\\n", " ")
    if not prompts:
        bare = (re.sub(r"(^|\s)#.*", "", line).strip() for line in block.splitlines())
        yield from ((line, "") for line in bare if line)
        return
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, promised = part.partition("\n")
        yield re.sub(r"\s#.*", "", command).strip(), promised
