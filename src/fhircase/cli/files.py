"""Files in and out: standard input as `-`, output all at once or not at all."""

import gzip
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from fhircase.errors import InvalidInput, Problem

STDIN = "-"


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """A file to read, or standard input.

    Raises:
        InvalidInput: it cannot be read.
    """
    if str(file) == STDIN:
        yield sys.stdin.buffer
        return
    try:
        stream = file.open("rb")
    except OSError as error:
        why = "is a folder" if file.is_dir() else (error.strerror or "cannot be read").lower()
        raise InvalidInput(Problem(why, source=str(file), hint="check the path")) from None
    with stream:
        if file.suffix == ".gz":
            with gzip.GzipFile(fileobj=stream) as unpacked:
                yield cast("BinaryIO", unpacked)
        else:
            yield stream


def name_of(file: Path) -> str:
    """What a file is called in messages."""
    return "standard input" if str(file) == STDIN else str(file)


def given(files: Sequence[Path] | None) -> list[Path]:
    """The files named, or standard input where none is and something is piped in.

    Raises:
        InvalidInput: nothing is named, and a person sits at the keyboard.
    """
    if not files and sys.stdin.isatty():
        raise InvalidInput(Problem("no file given", hint="name files, or `-` for standard input"))
    return list(files or [Path(STDIN)])


@contextmanager
def output(file: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that appears only when all of it was written."""
    if file is None or str(file) == STDIN:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif file.exists() and not file.is_file():
        with file.open("wb") as device:
            yield device
    else:
        with _replacing(file) as stream:
            yield stream


@contextmanager
def _replacing(file: Path) -> Iterator[BinaryIO]:
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from None
    try:
        with open(handle, "wb") as stream:  # noqa: PTH123 - a handle, not a path
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _keep_mode(name, file)
        os.replace(name, file)  # noqa: PTH105 - both are names here
    except BaseException:
        with suppress(OSError):
            os.unlink(name)  # noqa: PTH108 - a name
        raise


def _keep_mode(name: str, file: Path) -> None:
    """Let the new file be as readable as the old one, or as any new file here is."""
    if file.exists():
        mode = file.stat().st_mode & 0o777
    else:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    with suppress(OSError):
        os.chmod(name, mode)  # noqa: PTH101 - a name
