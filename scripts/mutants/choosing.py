"""A plugin of pytest's that runs the tests that are named in a file, in their order."""

import os
from pathlib import Path

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave only those; all, where one of them is not there any more: the change has made another test of it."""
    places = {test: at for at, test in enumerate(Path(os.environ["MUTANTS_FILE"]).read_text("utf-8").splitlines())}
    if places.keys() <= {item.nodeid for item in items}:
        items[:] = [item for item in items if item.nodeid in places]
    items.sort(key=lambda item: places.get(item.nodeid, len(places)))
