"""When to leave a server in peace: after so many failures in a row, longer each time, and then one trial."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FAILURES = 5
"""Failures in a row after which a server is left in peace."""

FIRST, LONGEST = timedelta(seconds=30), timedelta(hours=1)
"""How long the first time, and at most, unless the server asks for more."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """How a server did lately."""

    failures: int = 0
    """In a row."""
    opened: int = 0
    """How often it was left in peace since it last answered."""
    until: datetime | None = None
    """Not to be asked before then; once that has passed, one request tries."""
    why: str = ""

    def shut_out(self, now: datetime) -> bool:
        """Whether the server is not to be asked yet."""
        return self.until is not None and now < self.until

    @property
    def trial(self) -> bool:
        """Whether the next request is the one that decides."""
        return self.until is not None

    def failed(self, now: datetime, why: str, *, after: float | None, random: float) -> "Breaker":
        """The server did not answer, or asked to be left in peace for `after` seconds. `random` is from [0, 1)."""
        if self.shut_out(now) and after is None:
            return self  # It was on the wire before.
        counted = replace(self, failures=self.failures + 1, why=why)
        if after is None and not self.trial and counted.failures < FAILURES:
            return counted
        pause = min(LONGEST, FIRST * 2 ** min(self.opened, 12)) * (0.5 + random / 2)
        if after is not None:
            pause = timedelta(seconds=after) + timedelta(seconds=random)
        until = now + pause if self.until is None else max(self.until, now + pause)
        return replace(counted, opened=self.opened + 1, until=until)

    def answered(self) -> "Breaker":
        """The server did what a server does."""
        return Breaker()
