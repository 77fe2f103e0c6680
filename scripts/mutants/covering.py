"""A plugin of pytest's that finds out which test comes by which line of the engine.

What is compiled once and kept is forgotten before each file of tests: a line is to be seen in all that rely on it.
"""

import os
import sys
from collections.abc import Generator
from functools import _lru_cache_wrapper

import pytest
from coverage import Coverage

WATCH = Coverage(os.environ["MUTANTS_FILE"], include=["src/fhircase/mapping/*"], config_file=False)
WATCH.set_option("run:relative_files", value=True)
WATCH.start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, bool, bool]:
    """Watch each test as one, its fixtures included."""
    WATCH.switch_context(item.nodeid)
    told = yield
    WATCH.switch_context("")
    if nextitem is not None and nextitem.path != item.path:
        for kept in _kept():
            kept.cache_clear()
    return told


def pytest_unconfigure() -> None:
    """Keep what was seen."""
    WATCH.stop()
    WATCH.save()


def _kept() -> list["_lru_cache_wrapper[object]"]:
    engine = [module for name, module in sys.modules.items() if name.startswith("fhircase.mapping")]
    return [each for module in engine for each in vars(module).values() if isinstance(each, _lru_cache_wrapper)]
