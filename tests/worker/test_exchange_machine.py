"""Ledger and exchange against a model server, in any order of edits, faults and deaths that Hypothesis thinks of.

What happens stands in `tests/model`, what must hold in `judge.py` there; `scripts/faults.py` shows what is noticed.
"""

import os

from hypothesis import Phase, settings
from hypothesis.stateful import invariant
from tests.model.failing import Failing
from tests.model.moving import Moving
from tests.model.racing import Racing
from tests.model.saying import Saying
from tests.often import often


class Exchange(Saying, Racing, Failing, Moving):
    """A hospital that pushes and pulls, an agency that writes there too, and all that goes wrong between them."""

    @invariant()
    def nothing_is_doubled_lost_or_written_over(self):
        if self.hospital:
            self.judge.now(self.ledger)
            assert not self.wire.impatient, "the server was asked though it wants to be left in peace"


TestExchange = Exchange.TestCase
TestExchange.settings = settings(
    often(150),
    stateful_step_count=12,
    report_multiple_bugs=False,
    phases=[Phase.generate] if "FIRST_FAILURE" in os.environ else [Phase.generate, Phase.shrink],
)
