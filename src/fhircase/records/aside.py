"""Texts kept aside until they are needed again: the first of them in memory, the rest in a file that has no name."""

import json
import os
from collections.abc import Iterator, Sequence
from tempfile import TemporaryFile
from threading import Lock
from typing import IO, Any

NEAR = 1000
"""So many texts stay in memory."""
SOME = 200
"""Texts that are taken out of the file at a time."""

Noted = tuple[Sequence[Any], bytes]
"""Some words of plain JSON about a text, and the text."""


class Aside:
    """A sequence of texts that can be long; each iteration starts anew, and several threads may iterate at once."""

    def __init__(self) -> None:
        self._near: list[Noted] = []
        self._far: IO[bytes] | None = None
        self._lock = Lock()

    def add(self, about: Sequence[Any], text: bytes) -> None:
        """Append one."""
        if len(self._near) < NEAR:
            self._near.append((about, text))
            return
        # Not every name of a file is UTF-8, but what JSON escapes can always be written.
        head = json.dumps([len(text), *about]).encode()
        with self._lock:
            if self._far is None:
                self._far = TemporaryFile()  # noqa: SIM115 - it lives as long as this does
            self._far.seek(0, os.SEEK_END)
            self._far.write(head + b"\n" + text + b"\n")

    def __iter__(self) -> Iterator[Noted]:
        yield from self._near
        place = 0
        while self._far is not None:
            some, place = self._some(self._far, place)
            if not some:
                return
            yield from some

    def _some(self, file: IO[bytes], place: int) -> tuple[list[Noted], int]:
        with self._lock:
            file.seek(place)
            some: list[Noted] = []
            while len(some) < SOME and (head := file.readline()):
                size, *about = json.loads(head)
                some.append((about, file.read(size + 1)[:-1]))
            return some, file.tell()

    def close(self) -> None:
        """Let go of all of it."""
        self._near.clear()
        if self._far is not None:
            self._far.close()
