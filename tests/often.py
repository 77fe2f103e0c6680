"""On how many examples something is tried: all in `make test`, a share of them for each change of `make mutants`."""

import os

from hypothesis import HealthCheck, settings

SHARE = float(os.environ.get("EXAMPLES_SHARE", "1"))


def often(examples: int) -> settings:
    """Settings for so many examples, however long each takes; nothing is kept for the next run.

    CI draws the same ones each time, so that what it says is about the change; everyone else draws new ones.
    """
    return settings(
        max_examples=max(1, int(examples * SHARE)),
        deadline=None,
        derandomize=SHARE < 1 or "CI" in os.environ,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
