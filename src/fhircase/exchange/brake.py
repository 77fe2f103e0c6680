"""Whether an input would change, close or create so many records that a person should look first."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

STRANGE = 10
"""With so many new records for each known one in an input, its identifiers may not be those of before."""
SHARE = 3
"""What then is left of the limit: one part in so many."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one input may do to the records of a kind, in percent of those that the ledger knows."""

    change: float = 30.0
    close: float = 10.0
    create: float = 100.0
    """Of those that the local system gave before; a kind of which it gave no more than `least` is being filled."""
    least: int = 20
    """So many records may always be changed, closed or created, however few there are."""
    closing: tuple[str, ...] = ()
    """Values of a site's own that close a record, too."""


@dataclass(slots=True)
class Effect:
    """What an input would do, in records by kind."""

    changed: Counter[str] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)
    created: Counter[str] = field(default_factory=Counter)
    met: int = 0
    """Records of the input that are known, of whatever kind."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was there before an input, in records by kind."""

    all: Mapping[str, int]
    given: Mapping[str, int]
    """Those that the local system gave itself."""
    filling: Collection[str] = ()
    """Kinds that are being given for the first time: part of a first input may be there already."""


def excesses(effect: Effect, known: Known, limits: Limits) -> Iterator[str]:
    """In plain words, each way in which an input would do more than it may."""
    for verb, counts, percent in (("change", effect.changed, limits.change), ("close", effect.closed, limits.close)):
        for kind, count in sorted(counts.items()):
            there = known.all.get(kind, 0)
            if count > limits.least and count * 100 > percent * there:
                share = 100 * count / there if there else 100.0
                yield (
                    f"it would {verb} {count} of {there} known records of kind {kind} "
                    f"({share:.0f} %, more than {percent:g} %)"
                )
    yield from _created(effect, known, limits)


def _created(effect: Effect, known: Known, limits: Limits) -> Iterator[str]:
    strange = effect.met * STRANGE < effect.created.total()
    percent = limits.create / SHARE if strange else limits.create
    doubt = "; hardly a known one is in it: is it the right input, and are its keys those of before?" if strange else ""
    for kind, count in sorted(effect.created.items()):
        there = known.given.get(kind, 0)
        if kind in known.filling or there <= limits.least or count <= limits.least:
            continue
        if count * 100 > percent * there:
            yield (
                f"it would create {count} records of kind {kind} where {there} are known "
                f"({100 * count / there:.0f} %, more than {percent:.0f} %{doubt})"
            )
