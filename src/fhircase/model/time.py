"""Dates as precise as they came: 2026, 2026-03, 2026-03-09 or a date-time with its offset."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

_DAY = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_CLOCK = re.compile(
    r"(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(\.\d{1,9})?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)?",
    re.ASCII,
)


def _as_text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


@lru_cache(maxsize=4096)
def _check_day(text: str) -> str:
    found = _DAY.fullmatch(text)
    if not found:
        raise ValueError("a date is written YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, day = found.groups()
    date(int(year), int(month or 1), int(day or 1))
    return text


def _check_moment(text: str) -> str:
    if "T" not in text:
        return _check_day(text)
    found = _CLOCK.fullmatch(text)
    if not found:
        raise ValueError("a date-time is written YYYY-MM-DDThh:mm:ss with an offset (Z or +hh:mm)")
    if not found.group(6):
        raise ValueError("a date-time needs an offset (Z or +hh:mm); set `timezone` to supply one")
    _check_day(found.group(1))
    return text


Day = Annotated[str, BeforeValidator(_as_text), AfterValidator(_check_day)]
"""A date of any precision, without a time of day."""

Moment = Annotated[str, BeforeValidator(_as_text), AfterValidator(_check_moment)]
"""A date of any precision, or a date-time with its offset."""


def instant(moment: str) -> datetime:
    """The first instant that a `Day` or `Moment` covers, in UTC, for comparing."""
    if "T" not in moment:
        year, month, day = [*moment.split("-"), "1", "1"][:3]
        return datetime(int(year), int(month), int(day), tzinfo=UTC)
    leap = ":60" in moment[16:19]
    clock = datetime.fromisoformat(moment.replace(":60", ":59", 1) if leap else moment).astimezone(UTC)
    return clock + timedelta(seconds=1) if leap else clock
