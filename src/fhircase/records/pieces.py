"""A file cut into its JSON values: lines of NDJSON as they come, or the one document that a file is.

A byte order mark, Windows line ends and blank lines mean nothing and are passed over.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO

import msgspec

from fhircase.errors import Problem, Truncated
from fhircase.fhir import jsontext

_END = b"\n"
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BYTE = re.compile(r" \(byte (\d+)\)$")


@dataclass(frozen=True, slots=True)
class Cut:
    """The text of one JSON value of a file, not looked into yet."""

    source: str
    """File and line."""
    text: bytes
    """Its bytes as they stand in the file, without the line end."""
    whole: bool = True
    """Whether it ends where it should; a last line without an end may have been cut short."""
    problem: Problem | None = None
    """What is wrong with the file around it, where that is known already."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One JSON value of a file, or what is wrong with the place where one should be."""

    source: str
    """File and line."""
    text: bytes
    """Its bytes as they stand in the file, without the line end."""
    value: Any = None
    problem: Problem | None = None


def pieces(stream: BinaryIO, name: str) -> Iterator[Piece]:
    """The JSON values of a stream: each line's, or each element's of a list, or the one there is."""
    return map(piece_of, cuts(stream, name))


def cuts(stream: BinaryIO, name: str) -> Iterator[Cut]:
    """The same, still as text: for those who may not need all of them, or leave the reading to another process."""
    try:
        yield from _cuts(stream, name)
    except (EOFError, zlib.error):
        hint = "the file was cut short when it was written or copied; get it again"
        problem = Truncated("the packed file ends in the middle, or is damaged", source=name, hint=hint)
        yield Cut(name, b"", whole=False, problem=problem)


def _cuts(stream: BinaryIO, name: str) -> Iterator[Cut]:
    lines = _lines(stream)
    first = next(lines, None)
    if first is None:
        return
    if first[1].startswith(_UTF16):
        hint = "save the file as UTF-8"
        yield Cut(f"{name}:1", first[1], problem=Problem("UTF-16, not UTF-8", source=f"{name}:1", hint=hint))
        return
    second = next(lines, None)
    rest = chain([first], [second] if second else [], lines)
    if _is_document(first[1], second[1] if second else b""):
        yield from _document(name, rest)
        return
    for number, text in rest:
        if body := text.strip():
            yield Cut(f"{name}:{number}", body, text.endswith(b"\n"))


def piece_of(cut: Cut) -> Piece:
    """Read the text of one value."""
    if cut.problem is not None:
        return Piece(cut.source, cut.text, problem=cut.problem)
    return _piece(cut.text, cut.source, whole=cut.whole)


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    started = False
    for number, line in enumerate(stream, start=1):
        text = line.removeprefix(_BOM) if number == 1 else line
        if started or text.strip():
            started = True
            yield number, text


def _is_document(first: bytes, second: bytes) -> bool:
    """Whether a file is one JSON document rather than a record a line."""
    if first.lstrip().startswith(b"["):
        return True
    if not second.strip() or not _breaks_off(first):
        return False
    # A line that was cut in two by accident hardly ever ends where people and programs break lines.
    return first.rstrip().endswith((b"{", b"[", b",", b":")) or not second.lstrip().startswith(b"{")


def _breaks_off(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except msgspec.DecodeError as error:
        return "truncated" in str(error)
    except (UnicodeDecodeError, RecursionError):
        return False
    return False


def _piece(text: bytes, source: str, *, whole: bool) -> Piece:
    try:
        return _complete(source, text, jsontext.decode(text))
    except ValueError as error:
        what, byte = _broken(error)
    except RecursionError:
        what, byte = "nested too deeply", None
    if "truncated" in what:
        return Piece(source, text, problem=_cut_short(source, whole=whole))
    column = f" at byte {byte + 1} of the line" if byte is not None else ""
    return Piece(source, text, problem=Problem(f"not JSON: {what}{column}", source=source, hint="correct that line"))


def _complete(source: str, text: bytes, value: Any) -> Piece:
    """A value, unless a part of it was lost in reading."""
    doubled = jsontext.doubled_name(text, value)
    if doubled is None:
        return Piece(source, text, value)
    what = f"not JSON: `{doubled}` stands twice in one object"
    return Piece(source, text, problem=Problem(what, source=source, hint="keep one of the two"))


def _cut_short(source: str, *, whole: bool) -> Problem:
    if whole:
        return Problem("not JSON: the line breaks off inside a value", source=source, hint="one record a line")
    hint = "the file was cut short when it was written or copied; get it again"
    return Truncated("not JSON: the file ends inside a value", source=source, hint=hint)


def _broken(error: ValueError) -> tuple[str, int | None]:
    """What is wrong with a JSON text, and at which byte, from 0. Never the text itself."""
    cause = error if isinstance(error, UnicodeDecodeError) else error.__cause__
    if isinstance(cause, UnicodeDecodeError):
        return "not UTF-8", None
    text = str(error)
    found = _BYTE.search(text)
    what = _BYTE.sub("", text).removeprefix("JSON is malformed: ")
    return what, int(found[1]) if found else None


def _document(name: str, lines: Iterator[tuple[int, bytes]]) -> Iterator[Cut]:
    numbered = list(lines)
    start, text = numbered[0][0], b"".join(line for _, line in numbered)
    try:
        value = jsontext.decode(text)
    except ValueError as error:
        yield _broken_document(name, start, text, error)
        return
    except RecursionError:
        source = f"{name}:{start}"
        yield Cut(source, text, problem=Problem("not JSON: nested too deeply", source=source))
        return
    if isinstance(value, list):
        yield from (Cut(f"{name}:{line}", raw) for line, raw in elements(text, start))
    else:
        yield Cut(f"{name}:{start}", text.strip())


def _ends(text: bytes) -> int:
    return text.count(_END)


def _broken_document(name: str, start: int, text: bytes, error: ValueError) -> Cut:
    what, byte = _broken(error)
    if "truncated" in what:
        source = f"{name}:{start + _ends(text.rstrip())}"
        return Cut(source, text, problem=_cut_short(source, whole=False))
    before = text[: byte or 0]
    source = f"{name}:{start + _ends(before)}"
    column = f" at byte {len(before.rpartition(_END)[2]) + 1} of the line" if byte is not None else ""
    return Cut(source, text, problem=Problem(f"not JSON: {what}{column}", source=source, hint="correct that line"))


def elements(text: bytes, start: int = 1) -> Iterator[tuple[int, bytes]]:
    """The elements of a JSON list, each with the line on which it starts."""
    at, line = 0, start
    for raw in msgspec.json.decode(text, type=list[msgspec.Raw]):
        body = bytes(raw).strip()
        found = text.index(body, at)
        line += text.count(_END, at, found)
        yield line, body
        line += _ends(body)
        at = found + len(body)
