"""Ledgers to test: every behaviour runs on every store found in the package."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fhircase import ledger
from fhircase.ledger.stores import stores

Opener = Callable[[], ledger.Ledger]


@pytest.fixture(params=sorted(stores()))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a fresh ledger of each store can be made."""
    if request.param == ledger.FILE:
        return str(tmp_path / "test.ledger")
    # No skip: a store whose tests do not run proves nothing.
    return os.environ[f"TEST_LEDGER_{request.param.upper()}"]


@pytest.fixture
def again(place: str) -> Iterator[Opener]:
    """Opens the same ledger once more, as another process would."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(ledger.open_ledger(place))


@pytest.fixture
def book(again: Opener) -> ledger.Ledger:
    """A fresh ledger."""
    return again()
