"""Whether an input would change, close or create so many records that a person should look first."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Flag, auto

from fhircase.ledger import RecordKey

STRANGE = 10
"""With so many new records for each known one in an input, its identifiers may not be those of before."""
SHARE = 3
"""What then is left of the limit: one part in so many."""


_DOUBT = "; hardly a known one is in it: is it the right input, and are its keys those of before?"


class Does(Flag):
    """What a record of an input does."""

    NOTHING = 0
    MEETS = auto()
    """It is known."""
    CHANGES = auto()
    CLOSES = auto()
    CREATES = auto()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one input may do to the records of a kind, in percent of those that the ledger knows."""

    change: float = 30.0
    close: float = 10.0
    create: float = 100.0
    """Of those that the local system gave before; of a kind of which it gave no more than `least`, of all others."""
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
    _noted: dict[int, Does] = field(default_factory=dict, repr=False)
    """What was counted of each record, by the hash of its key: a large input has many."""

    def note(self, key: RecordKey, does: Does) -> None:
        """Count what a record of the input would do; one that comes again counts once."""
        before = self._noted.get(hash(key), Does.NOTHING)
        self._noted[hash(key)] = before | does
        new = does & ~before
        self.met += bool(new & Does.MEETS)
        for what, counts in (
            (Does.CHANGES, self.changed),
            (Does.CLOSES, self.closed),
            (Does.CREATES, self.created),
        ):
            if new & what:
                counts[key.kind] += 1


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
    for kind, count in sorted(effect.created.items()):
        there = known.given.get(kind, 0)
        if kind in known.filling or count <= limits.least:
            continue
        if there <= limits.least:
            yield from _first(kind, count, known, limits)
            continue
        percent = limits.create / SHARE if strange else limits.create
        if count * 100 > percent * there:
            yield (
                f"it would create {count} records of kind {kind} where {there} are known "
                f"({100 * count / there:.0f} %, more than {percent:.0f} %{_DOUBT if strange else ''})"
            )


def _first(kind: str, count: int, known: Known, limits: Limits) -> Iterator[str]:
    """A kind of which hardly any was given is measured by the others; where there are none, all is being filled."""
    others = sum(there for there in known.given.values() if there > limits.least)
    if others and count * 100 > limits.create * others:
        yield (
            f"it would create {count} records of kind {kind}, which is new, where {others} of other kinds are known "
            f"({100 * count / others:.0f} %, more than {limits.create:.0f} %)"
        )
