"""Moments as text: UTC, always the same length, so that text order is time order and people can read it."""

from datetime import UTC, datetime


def written(moment: datetime) -> str:
    """Write a moment.

    Raises:
        ValueError: it has no offset, so nobody knows when it is.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs an offset")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def read(text: str) -> datetime:
    """Read a moment back."""
    return datetime.fromisoformat(text)
