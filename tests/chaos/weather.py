"""Which request goes wrong, and how: drawn by seed, and counted, so that what a report says is what happened."""

import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.faults import outcome

KINDS = {
    "refused": 3,
    "reset": 3,
    "lost": 4,
    "cut": 3,
    "gateway": 2,
    "503": 3,
    "503 retry-after": 1,
    "429": 2,
    "slow": 1,
    "late": 1,
}
"""Each kind of fault and how often it is drawn; the slow ones take the client's whole patience, and are rarer."""

ANSWERS: dict[str, Any] = {
    "503": (503, outcome("transient")),
    "503 retry-after": (503, outcome("transient"), {"Retry-After": "1"}),
    "429": (429, outcome("throttled"), {"Retry-After": "1"}),
}


@dataclass
class Weather:
    """A fault for `Between`: a share of all requests goes wrong, by chance."""

    seed: int
    share: float = 0.3
    requests: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._turn = threading.Lock()

    def __call__(self, method: str, path: str, body: bytes) -> Any:
        with self._turn:
            self.requests += 1
            if self._chance.random() >= self.share:
                return None
            [kind] = self._chance.choices(list(KINDS), list(KINDS.values()))
            self.counts[kind] += 1
        return ANSWERS.get(kind, kind)
