"""Who is sending, so that others can see whether they still live."""

import os
import platform
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4


def name() -> str:
    """A name for this run of this process, on this machine."""
    return f"{platform.node()}/{os.getpid()}/{_started(os.getpid())}/{uuid4().hex[:8]}"


def dead(owners: Iterable[str]) -> frozenset[str]:
    """Those of this machine whose process is gone; nobody can tell of other machines."""
    return frozenset(owner for owner in owners if _gone(owner))


def _gone(owner: str) -> bool:
    host, *rest = owner.split("/")
    # Windows has no harmless way to ask; there a lease runs out instead.
    if host != platform.node() or len(rest) != 3 or not rest[0].isdigit() or sys.platform == "win32":
        return False
    pid, started = int(rest[0]), rest[1]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return started != _started(pid)


def _started(pid: int) -> str:
    """When a process started, where the system tells: a number that was used again is somebody else."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    return "-"
