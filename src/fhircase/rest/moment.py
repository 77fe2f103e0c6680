"""Points in time as HTTP writes them. No clock: only what a server said."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime


def http_date(text: str | None) -> datetime | None:
    """Read an HTTP date; None where there is none."""
    with suppress(ValueError, TypeError):
        moment = parsedate_to_datetime(text or "")
        return moment if moment.tzinfo else None
    return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait.

    A date is measured against the same answer's Date header, so that neither clock has to be right.

    Source: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    until, sent = http_date(text), http_date(headers.get("date"))
    return max(0.0, (until - sent).total_seconds()) if until and sent else None
