"""What a server tells of the past: all versions of a resource, or all that happened to a type since a moment.

Source: https://hl7.org/fhir/R4/http.html#history
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Write:
    """One version that somebody wrote; `after` is empty for a deletion."""

    who: str
    reference: str
    before: Json
    after: Json
    number: int
    """Which version it is."""
    moment: str
    """When, as the server dates it."""


def history(writes: Iterable[Write], since: str = "") -> Json:
    """These, the newest first."""
    start = datetime.fromisoformat(since) if since else None
    found = [each for each in writes if start is None or datetime.fromisoformat(each.moment) >= start]
    entries = list(map(_entry, sorted(found, key=lambda each: (each.moment, each.number), reverse=True)))
    return {"resourceType": "Bundle", "type": "history", "entry": entries}


def of(reference: str, writes: Iterable[Write]) -> Iterator[Write]:
    """The writes of a resource, or of all resources of a type."""
    return (each for each in writes if reference in (each.reference, each.reference.partition("/")[0]))


def _entry(write: Write) -> Json:
    method = "POST" if write.number == 1 else "PUT" if write.after else "DELETE"
    response = {"status": "200" if write.after else "204", "etag": f'W/"{write.number}"', "lastModified": write.moment}
    entry: Json = {"request": {"method": method, "url": write.reference}, "response": response}
    return {**entry, "resource": write.after} if write.after else entry
