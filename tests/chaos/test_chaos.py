"""The run of `make chaos` in small: whatever goes wrong, nothing is lost, doubled, altered or stuck."""

import pytest
from tests.chaos.__main__ import line
from tests.chaos.run import Plan, run

SMALL = Plan(records=100, kills=3, entries=10, longest=1.5)


@pytest.mark.parametrize("seed", range(3))
def test_killed_and_disturbed_a_push_loses_doubles_and_overwrites_nothing(sekmet, tmp_path, seed):
    row = run(sekmet, tmp_path, seed, SMALL)
    print(line(row))

    assert not row.verdict.wrong, "\n".join(row.verdict.wrong)
    assert row.kills == SMALL.kills
    assert sum(row.faults.values()) > 0.15 * row.requests
    assert row.edits >= 9
