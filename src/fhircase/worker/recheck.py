"""Deletions, and what a server cannot be asked for: by the histories of types, or by reading again in turn."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from fhircase.errors import Rejected
from fhircase.exchange.pull import earlier, newest
from fhircase.fhir import bundle
from fhircase.fhir.bundle import EntryResult
from fhircase.fhir.lenient import objects_at, text_at
from fhircase.rest.read import versions_of_type
from fhircase.rest.stored import Stored
from fhircase.worker.asked import Answer, sifted
from fhircase.worker.fetch import fetch
from fhircase.worker.station import Station

DELETED = "pull deletions"
"""The cursor that says how far deletions have been read."""
RECHECKED = "pull recheck"
"""The cursor that says which resource was read again last."""


def types_held(station: Station) -> list[str]:
    """The types of resources that our records are on a server."""
    kinds: list[str] = []
    while some := station.ledger.held(station.server, f"{kinds[-1]}0" if kinds else "", limit=1):
        kinds.append(some[0].partition("/")[0])  # "0" comes after "/", so the next is of another type.
    return kinds


def deleted(station: Station, types: Collection[str], start: str | None) -> tuple[set[str], str | None, set[str]]:
    """What was deleted since the last time, how far that was read, and the types that cannot be asked for it.

    Raises:
        ServerError: the server could not be asked.
    """
    able = [kind for kind in types if kind in station.said.histories]
    unable = set(types) - set(able)
    position = station.ledger.cursor(station.server, DELETED) or start
    if not able or position is None:
        return set(), position, unable
    gone, moments = set[str](), list[datetime | None]()
    since = earlier(position)
    for kind, answer in zip(able, _histories(station, able, since), strict=True):
        if answer is None or not answer.ok or answer.resource is None:
            unable.add(kind)
            continue
        _, lost, seen = sifted(kind, _versions(station, kind, answer.resource, since))
        gone |= lost
        moments += seen
    return gone, newest(position, moments, station.now()), unable


def _histories(station: Station, types: Collection[str], since: str) -> Iterable[EntryResult | None]:
    """Ask for the histories of all types at once."""
    try:
        return station.client.batch([bundle.read(f"{kind}/_history?_since={since}") for kind in types])
    except Rejected:
        return [None for _ in types]


def _versions(station: Station, type: str, page: dict[str, object], since: str) -> Iterator[Stored]:
    if any(text_at(link, "relation") == "next" for link in objects_at(page, "link")):
        yield from station.client.type_history(type, since)
    else:
        yield from versions_of_type(objects_at(page, "entry"), type)


def recheck(station: Station, types: Collection[str]) -> tuple[Answer, str]:
    """Read some of what we hold of these types again, each time the next ones, and say where to read on.

    Raises:
        ServerError: the server could not be asked.
    """
    start = station.ledger.cursor(station.server, RECHECKED) or ""
    some = _next(station, types, start, station.to.recheck)
    if len(some) < station.to.recheck:
        # Round again from the start, up to where this turn began.
        some += [each for each in _next(station, types, "", station.to.recheck - len(some)) if each <= start]
    found, gone = fetch(station, some)
    return Answer({reference: each.resource for reference, each in found.items()}, gone), some[-1] if some else start


def _next(station: Station, types: Collection[str], after: str, count: int) -> list[str]:
    some: list[str] = []
    for kind in sorted(types):
        begin = max(after, f"{kind}/")
        if len(some) < count and begin < f"{kind}0":
            more = station.ledger.held(station.server, begin, limit=count - len(some))
            some += [each for each in more if each.startswith(f"{kind}/")]
    return some
