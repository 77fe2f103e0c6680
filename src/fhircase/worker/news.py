"""What a server has that we have not seen: asked for by its own clock, and sorted by whom it concerns."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from fhircase.errors import ConfigError, Problem
from fhircase.exchange.people import PATIENT, reference_of
from fhircase.exchange.pull import Query, concerned, part_types, queries, unchanged
from fhircase.exchange.references import Json, targets
from fhircase.fhir import jsontext
from fhircase.fhir.instant import last_updated
from fhircase.ledger import RecordKey, Resource
from fhircase.worker.asked import answered
from fhircase.worker.fetch import fetch, identified
from fhircase.worker.recheck import DELETED, RECHECKED, deleted, recheck, types_held
from fhircase.worker.station import Progress, Station

UNREAD = "pull unread"
"""The cursor that names what could not be read, to look at it again."""
SOME = 500
"""Resources compared at a time with what was agreed of them."""


@dataclass(slots=True)
class News:
    """What was asked and answered, before anything is kept."""

    positions: dict[str, str] = field(default_factory=dict)
    """How far each query has been read, by the cursor's name."""
    looked_at: set[str] = field(default_factory=set)
    """References of what changed; the resources are kept only where they are needed again."""
    along: dict[str, Json] = field(default_factory=dict, repr=False)
    """What came with that, so that it need not be fetched."""
    addressed: set[str] = field(default_factory=set)
    """References of what is for us, in whichever answer they come."""
    stale: dict[RecordKey, set[str]] = field(default_factory=dict)
    """Records of which something changed, and the references that may have become part of them."""
    fresh: dict[str, Json] = field(default_factory=dict, repr=False)
    """What is for us and part of nothing we know."""
    patients: list[Json] = field(default_factory=list, repr=False)
    """Those that name others: they may have been merged."""
    gone: set[str] = field(default_factory=set)
    """References of what the server says was deleted."""
    echoes: set[str] = field(default_factory=set)
    """References of what is as it was agreed."""
    unasked: list[str] = field(default_factory=list)
    """Types that the server cannot be asked for; their changes are seen as they are read again in turn."""


def ask(station: Station, progress: Progress) -> News:
    """Ask a server for all that changed since the last time.

    Raises:
        ServerError: the server could not be asked; nothing was kept.
        ConfigError: the server does not know who we are.
    """
    news = News(addressed=set(_noted(station)))
    asked = queries(station.to.fhir, station.to.overlays, station.to.pull, _ourselves(station))
    first = station.ledger.cursor(station.server, DELETED) is None or any(_unread(station, query) for query in asked)
    start = _earliest(station) if first else None
    for number, query in enumerate(asked, start=1):
        position = station.ledger.cursor(station.server, query.name)
        if position is None and not query.addressed:
            if start is None:
                continue
            position = start
        answer = answered(station, query, position)
        if answer is None:
            news.unasked.append(query.type)
            continue
        _sort(station, news, answer.found, addressed=query.addressed)
        news.gone |= answer.gone
        news.along |= answer.along
        if answer.position:
            news.positions[query.name] = answer.position
        progress("ask", number, len(asked))
    _look_after(station, news, start)
    # What could not be read last time is looked at again.
    noted, _ = fetch(station, news.addressed - news.looked_at)
    _sort(station, news, {reference: each.resource for reference, each in noted.items()})
    _deletions(station, news)
    return news


def _look_after(station: Station, news: News, start: str | None) -> None:
    """Look after deletions, and after what cannot be asked for, of the types that we hold something of."""
    types = types_held(station)
    askable = [kind for kind in types if kind not in news.unasked]
    gone, position, unable = deleted(station, askable, start)
    again, place = recheck(station, {*unable, *(kind for kind in types if kind in news.unasked)})
    news.gone |= gone | again.gone
    _sort(station, news, {name: found for name, found in again.found.items() if name not in news.looked_at})
    if position:
        news.positions[DELETED] = position
    if place:
        news.positions[RECHECKED] = place


def _unread(station: Station, query: Query) -> bool:
    return not query.addressed and station.ledger.cursor(station.server, query.name) is None


def _ourselves(station: Station) -> str | None:
    """The server's reference for who we are."""
    us = station.to.organization
    if us is None or "|" not in us:
        return us
    found = [reference_of(resource) for resource in identified(station, {"Organization": [us]})["Organization"]]
    if len(found) != 1:
        hint = "give its reference there, such as Organization/12"
        raise ConfigError(
            Problem(
                f"the server knows {len(found)} organisations with this identifier",
                f"servers.{station.server}.organization",
                "who we are there",
                hint,
            )
        )
    return found[0]


def _earliest(station: Station) -> str | None:
    """When the oldest thing we agreed on was last changed: nothing that is news to us can be older."""
    earliest = None
    for record in station.ledger.scan():
        for row in station.ledger.resources(station.server, [record.key]).get(record.key, ()):
            moment = last_updated(jsontext.decode(row.agreed)) if row.agreed and not row.linked else None
            if moment and (earliest is None or moment < earliest):
                earliest = moment
    return earliest.isoformat() if earliest else None


def _noted(station: Station) -> list[str]:
    """References of what could not be read last time."""
    noted = station.ledger.cursor(station.server, UNREAD)
    references: list[str] = []
    with suppress(ValueError):
        references = jsontext.decode(noted) if noted else []
    return references


def _sort(station: Station, news: News, found: Mapping[str, Json], *, addressed: bool = False) -> None:
    """Whose each resource is. What came before comes in its newer version, if it has one."""
    news.looked_at |= found.keys()
    every = iter(found.items())
    while some := dict(islice(every, SOME)):
        holders = station.ledger.holders(station.server, some)
        for reference, resource in some.items():
            if resource["resourceType"] == PATIENT and "link" in resource:
                news.patients.append(resource)
            if rows := holders.get(reference, ()):
                _known(news, reference, resource, rows)
            else:
                _unknown(station, news, reference, resource, addressed=addressed or reference in news.addressed)


def _known(news: News, reference: str, resource: Json, rows: Iterable[Resource]) -> None:
    """A part of what we have: news of it, or an echo of what we or others said before."""
    agreed = ((row, jsontext.decode(row.agreed) if row.agreed else None) for row in rows)
    moved = [row for row, before in agreed if not unchanged(before, resource)]
    for row in moved:
        news.stale.setdefault(row.key, set())
    (news.echoes.discard if moved else news.echoes.add)(reference)


def _unknown(station: Station, news: News, reference: str, resource: Json, *, addressed: bool) -> None:
    """Perhaps a new part of what we have, or something of its own that is for us."""
    keys = concerned(resource, station.ledger.holders(station.server, targets(resource)))
    # What cannot be a part of it only mentions it: a plan is no part of the referrals it lists.
    dialect = station.to.fhir, station.to.overlays
    keys = {key for key in keys if resource["resourceType"] in part_types(key.kind, *dialect)}
    for key in keys:
        news.stale.setdefault(key, set()).add(reference)
    if not keys and addressed:
        news.fresh[reference] = resource


def _deletions(station: Station, news: News) -> None:
    for rows in station.ledger.holders(station.server, news.gone).values():
        for row in rows:
            if not row.linked:
                news.stale.setdefault(row.key, set())


def keep_positions(station: Station, news: News, unread: Iterable[str]) -> None:
    """Note how far everything has been read."""
    now = station.now()
    with station.ledger.unit():
        for name, position in news.positions.items():
            station.ledger.move_cursor(station.server, name, position, now=now)
        station.ledger.move_cursor(station.server, UNREAD, jsontext.encode(sorted(unread)).decode(), now=now)
