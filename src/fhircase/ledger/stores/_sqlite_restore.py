"""A backup made ready to be put in a ledger's place."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fhircase.errors import LedgerError


@contextmanager
def copied(file: str, beside: str) -> Iterator[str]:
    """A copy of a backup, in the folder where it will be needed, that may be changed."""
    if not Path(file).is_file():
        raise LedgerError(f"{file}: no such file; give the backup's path")
    part = f"{beside}.restoring"
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        # It may be in another's hands: whoever is refused leaves it alone.
        raise LedgerError(f"{part}: another restore is under way, or broke off; remove it in that case") from None
    try:
        shutil.copyfile(file, part)
        yield part
    finally:
        for name in (part, f"{part}-wal", f"{part}-shm"):
            with suppress(FileNotFoundError):
                Path(name).unlink()
