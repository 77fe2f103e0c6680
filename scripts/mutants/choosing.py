"""A plugin of pytest's that runs the tests that are named in a file, in their order, each within limits.

A change may make a test go round in a circle: it ends by SIGPROF then. Its limit is of processor time, for on a busy
machine any test may take long.
"""

import os
import resource
import signal
from collections.abc import Generator
from pathlib import Path

import pytest

PATIENCE = 60
"""Seconds of processor time, for one test, and for all that is imported before."""
MEMORY = 4 * 2**30
"""Bytes of addresses."""

signal.setitimer(signal.ITIMER_PROF, PATIENCE)
resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave only those; all, where one of them is not there any more: the change has made another test of it."""
    places = {test: at for at, test in enumerate(Path(os.environ["MUTANTS_FILE"]).read_text("utf-8").splitlines())}
    if places.keys() <= {item.nodeid for item in items}:
        items[:] = [item for item in items if item.nodeid in places]
    items.sort(key=lambda item: places.get(item.nodeid, len(places)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, bool, bool]:
    """Give each test the whole of the time."""
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    return (yield)
