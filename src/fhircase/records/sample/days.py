"""The caseload's calendar: it ends on one fixed day, so that no clock is ever asked."""

from collections.abc import Sequence
from datetime import date, timedelta

from fhircase.records.sample.chance import Chance

TODAY = date(2026, 6, 30)
"""The day on which the caseload is as it is."""


def day(number: int) -> str:
    """A date, so many days from the caseload's today."""
    return (TODAY + timedelta(days=number)).isoformat()


def moment(number: int, chance: Chance) -> str:
    """A time within office hours on that day."""
    clock = f"{chance.between(8, 16):02}:{chance.pick(('00', '10', '15', '30', '45'))}"
    offset = "-04:00" if date(2026, 3, 8) <= TODAY + timedelta(days=number) else "-05:00"
    return f"{day(number)}T{clock}:{chance.deal('seconds', ('00', '00', '00.671'))}{offset}"


def moments(numbers: Sequence[int], chance: Chance) -> list[str]:
    """Times on those days, none before the one it follows."""
    pairs = [(number, moment(number, chance)) for number in numbers]
    return [text for _, text in sorted(pairs)]


def rough(number: int, chance: Chance) -> str:
    """A date as people remember it: the day, the month or only the year."""
    return day(number)[: chance.deal("rough", (10, 10, 7, 4))]


def steps(first: int, last: int, count: int, chance: Chance) -> list[int]:
    """So many days, the first one given, each later than the one before, none after the last."""
    taken = [first]
    for left in range(count - 1, 0, -1):
        room = max(1, (last - taken[-1]) // left)
        taken.append(min(taken[-1] + chance.between(1, room), last))
    return taken
