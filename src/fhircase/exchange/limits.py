"""How large a bundle may be for a server, learned from its answers: down at once, up again slowly.

Source: additive increase, multiplicative decrease, as TCP does it: https://www.rfc-editor.org/rfc/rfc5681
"""

from dataclasses import dataclass

from fhircase.exchange.schedule import Limits

QUICK, SLOW = 0.2, 0.5
"""Shares of the time-out: an answer that comes sooner lets bundles grow, one that comes later shrinks them."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What may be sent now, and what the settings allow at most."""

    now: Limits
    most: Limits

    def too_large(self, sent: Limits) -> "Learned":
        """The server says that a bundle of this size is too large: half of it, for all that follow."""
        return self._at_most(Limits(sent.entries // 2, sent.bytes // 2))

    def no_answer(self, sent: Limits) -> "Learned":
        """No answer came in time."""
        return self._at_most(Limits(sent.entries // 2, sent.bytes))

    def answered(self, sent: Limits, seconds: float, timeout: float) -> "Learned":
        """An answer came."""
        if seconds > SLOW * timeout:
            return self._at_most(Limits(sent.entries * 3 // 4, sent.bytes))
        full = 2 * sent.entries >= self.now.entries or 2 * sent.bytes >= self.now.bytes
        if seconds > QUICK * timeout or not full or self.now == self.most:
            return self
        grown = Limits(self.now.entries + max(1, self.now.entries // 20), self.now.bytes + self.now.bytes // 20)
        return Learned(_smaller(grown, self.most), self.most)

    def _at_most(self, limits: Limits) -> "Learned":
        # Several bundles of one size may come back too large, one after the other: that halves it once.
        least = Limits(max(1, limits.entries), max(1_000, limits.bytes))
        return Learned(_smaller(self.now, least), self.most)


def _smaller(one: Limits, other: Limits) -> Limits:
    return Limits(min(one.entries, other.entries), min(one.bytes, other.bytes))
