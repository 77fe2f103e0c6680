"""The small run of `make chaos` on a server that other people wrote, in Java."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.chaos.__main__ import line
from tests.chaos.run import Plan, run

pytestmark = pytest.mark.interop


@pytest.mark.parametrize("seed", range(3))
def test_killed_and_disturbed_a_push_loses_doubles_and_overwrites_nothing(
    hapi: Callable[..., str], tmp_path: Path, seed: int
) -> None:
    row = run(hapi("R4"), tmp_path, seed, Plan(records=100, kills=5, entries=10))
    print(line(row))
    assert not row.verdict.wrong, "\n".join(row.verdict.wrong)
