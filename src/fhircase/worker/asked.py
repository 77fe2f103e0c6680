"""What a server answers when it is asked what changed, in whichever way it can be asked."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from fhircase.errors import Broken, Rejected
from fhircase.exchange.asking import Way, along, otherwise, way
from fhircase.exchange.people import reference_of, version_of
from fhircase.exchange.pull import Query, earlier, newest, skipped
from fhircase.exchange.references import Json
from fhircase.fhir.instant import instant, last_updated
from fhircase.fhir.lenient import text_at
from fhircase.rest.search import Walk, search_page
from fhircase.rest.stored import Stored
from fhircase.worker.station import Station

PASSES = 5
"""How often to walk through a search at most, until a whole walk finds nothing that was skipped."""
NEVER = "2999-12-31T00:00:00Z"
"""Nothing was changed after this; a server that finds something all the same does not heed what it is asked."""


@dataclass(slots=True)
class Answer:
    """What was found, and how far that reads."""

    found: dict[str, Json] = field(default_factory=dict, repr=False)
    gone: set[str] = field(default_factory=set)
    along: dict[str, Json] = field(default_factory=dict, repr=False)
    """What came with it without having been asked for itself."""
    position: str | None = None
    """Nothing where it cannot be said that all was found: the next time asks from the same place."""


def answered(station: Station, query: Query, position: str | None) -> Answer | None:
    """Ask for what changed since a position; nothing if the server cannot be asked for this type.

    Raises:
        ServerError: the server could not be asked.
    """
    match way(query, station.can, station.said) or _found_out(station, query):
        case Way.UPDATED:
            return _by_clock(station, query, position)
        case Way.HISTORY:
            return _by_history(station, query, position)
        case Way.MODIFIED:
            return _by_writers(station, query, position)
        case Way.ALL:
            beside: dict[str, Json] = {}
            criteria = query.since(None) + along(query, station.said)
            return Answer(walked(station, query.type, criteria, beside)[0], along=beside)
    return None


def walked(
    station: Station, type: str, criteria: str, beside: dict[str, Json] | None = None
) -> tuple[dict[str, Json], bool]:
    """Find all matches. Pages shift while others write: walk again until nothing was skipped.

    The second value is False if that did not come about. What comes along is put into `beside`.
    """
    found: dict[str, Json] = {}
    for _ in range(PASSES):
        walk, pages, new = Walk(station.client.address, search_page(station.client.address, type, criteria)), 0, []
        while walk.more:
            pages += 1
            page = [each for each in walk.fresh(station.client.run(walk.step())) if "id" in each]
            new += [each for each in page if each["resourceType"] == type and _newer(each, found)]
            if beside is not None:
                beside |= {reference_of(each): each for each in page if each["resourceType"] != type}
        found |= {reference_of(resource): resource for resource in new}
        # What changed while we walked is asked for next time; what did not change and was not seen would be lost.
        latest = max((moment for each in found.values() if (moment := last_updated(each))), default=None)
        if pages <= 1 or not skipped(new, latest):
            return found, True
    return found, False


def _newer(resource: Json, found: dict[str, Json]) -> bool:
    known = found.get(reference_of(resource))
    return known is None or (version_of(known) or known) != (version_of(resource) or resource)


def _by_clock(station: Station, query: Query, position: str | None) -> Answer:
    beside: dict[str, Json] = {}
    found, whole = walked(station, query.type, query.since(position) + along(query, station.said), beside)
    moments = [last_updated(resource) for resource in found.values()]
    return Answer(found, set(), beside, newest(position, moments, station.now()) if whole else None)


def _by_writers(station: Station, query: Query, position: str | None) -> Answer:
    beside: dict[str, Json] = {}
    criteria = query.since(position, Way.MODIFIED) + along(query, station.said)
    found, whole = walked(station, query.type, criteria, beside)
    moments = [instant(text_at(resource, "lastModified")) for resource in found.values()]
    return Answer(found, set(), beside, newest(position, moments, station.now()) if whole else None)


def _by_history(station: Station, query: Query, position: str | None) -> Answer:
    since = earlier(position) if position else None
    found, gone, moments = sifted(query.type, station.client.type_history(query.type, since))
    return Answer(found, gone, position=newest(position, moments, station.now()))


def sifted(type: str, versions: Iterable[Stored]) -> tuple[dict[str, Json], set[str], list[datetime | None]]:
    """The last version of each resource in a history, what was deleted, and all moments that it names."""
    last: dict[str, Stored] = {}
    moments: list[datetime | None] = []
    for version in versions:
        moments.append(version.last_modified)
        known = last.get(version.id)
        # Newest first, says the standard; some servers say otherwise.
        if version.id and (known is None or _moment(version) > _moment(known)):
            last[version.id] = version
    found = {f"{type}/{which}": each.resource for which, each in last.items() if each.resource}
    return found, {f"{type}/{which}" for which, each in last.items() if each.status == 204}, moments


def _moment(version: Stored) -> float:
    return version.last_modified.timestamp() if version.last_modified else float("-inf")


def _found_out(station: Station, query: Query) -> Way:
    """Find out whether a server that does not list `_lastUpdated` heeds it, once; then it is known."""
    name = f"answers _lastUpdated {query.type}"
    known = station.ledger.facts(station.server).get(name)
    if known is None:
        heeds = _heeds(station, query.type)
        if heeds is None:
            return Way.UPDATED  # There is nothing of this type, whichever way it is asked for.
        known = "yes" if heeds else "no"
        station.ledger.keep_fact(station.server, name, known, now=station.now())
    return Way.UPDATED if known == "yes" else otherwise(query, station.said)


def _heeds(station: Station, type: str) -> bool | None:
    try:
        if station.client.search_page(type, f"_lastUpdated=gt{NEVER}&_count=1").resources:
            return False
    except (Rejected, Broken):
        return False
    return True if station.client.search_page(type, "_count=1").resources else None
