"""Whether an input would change or close so many records that a person should look first."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """What one input may do to the records of a kind, in percent of those that the ledger knows."""

    change: float = 30.0
    close: float = 10.0
    least: int = 20
    """So many records may always be changed or closed, however few there are."""
    closing: tuple[str, ...] = ()
    """Values of a site's own that close a record, too."""


@dataclass(slots=True)
class Effect:
    """What an input would do, in records by kind."""

    changed: Counter[str] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)


def excesses(effect: Effect, known: Mapping[str, int], limits: Limits) -> Iterator[str]:
    """In plain words, each way in which an input would do more than it may."""
    for verb, counts, percent in (("change", effect.changed, limits.change), ("close", effect.closed, limits.close)):
        for kind, count in sorted(counts.items()):
            if count > limits.least and count * 100 > percent * known.get(kind, 0):
                share = 100 * count / known[kind] if known.get(kind) else 100.0
                yield (
                    f"it would {verb} {count} of {known.get(kind, 0)} known records of kind {kind} "
                    f"({share:.0f} %, more than {percent:g} %)"
                )
