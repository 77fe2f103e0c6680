"""What a server really has and had: every version of everything, by its history, without our client."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import requests

Json = dict[str, Any]
TYPES = ("EpisodeOfCare", "CareTeam", "Condition", "CarePlan", "Goal", "ServiceRequest", "Task", "Procedure")


@dataclass(frozen=True)
class Version:
    """A resource as it was at one time; `resource` is empty where it was deleted."""

    number: int
    resource: Json

    @property
    def live(self) -> bool:
        """Whether it was there."""
        return bool(self.resource)


History = dict[tuple[str, str], list[Version]]
"""By type and id, oldest first."""


def history(url: str, namespace: str) -> History:
    """Every version of every resource that has an identifier of this namespace.

    A server sorts a type's history by moments that many versions share, so that one may slip between two pages: what is
    found by searching besides, and whatever has a gap in its versions, is asked for by itself.
    """
    found: dict[tuple[str, str], dict[int, Json]] = {}
    with requests.Session() as session:
        session.headers.update({"Accept": "application/fhir+json", "Cache-Control": "no-cache"})
        for kind in TYPES:
            _note(found, kind, _entries(session, f"{url}/{kind}/_history?_count=500"))
            _note(found, kind, _searched(session, f"{url}/{kind}?_count=500"))
        mine = {name: each for name, each in found.items() if any(any(of(namespace, r)) for r in each.values() if r)}
        for kind, own in [name for name, each in mine.items() if sorted(each) != list(range(1, max(each) + 1))]:
            _note(mine, kind, _entries(session, f"{url}/{kind}/{own}/_history?_count=500"))
    return {name: [Version(number, each[number]) for number in sorted(each)] for name, each in mine.items()}


def _note(found: dict[tuple[str, str], dict[int, Json]], kind: str, entries: Iterable[Json]) -> None:
    for entry in entries:
        if "resource" in entry:
            resource = entry["resource"]
            found.setdefault((kind, resource["id"]), {})[int(resource["meta"]["versionId"])] = resource
        else:
            name = (kind, entry["request"]["url"].rpartition(f"{kind}/")[2].partition("/")[0])
            found.setdefault(name, {})[int(entry["response"]["etag"].removeprefix("W/").strip('"'))] = {}


def _searched(session: requests.Session, url: str) -> Iterator[Json]:
    """What a search finds; nothing where a type cannot be searched."""
    if session.get(url, timeout=120).ok:
        yield from (each for each in _entries(session, url) if each.get("search", {}).get("mode") != "outcome")


def of(namespace: str, resource: Json) -> Iterator[tuple[str, str]]:
    """The identifiers of a namespace on a resource, without their namespace."""
    named = resource.get("identifier", [])
    for each in named if isinstance(named, list) else [named]:
        if str(each.get("system")).startswith(f"{namespace}/"):
            yield each["system"].removeprefix(f"{namespace}/"), each["value"]


def _entries(session: requests.Session, url: str | None) -> Iterator[Json]:
    while url:
        answer = session.get(url, timeout=120)
        answer.raise_for_status()
        bundle = answer.json()
        yield from bundle.get("entry", ())
        url = next((link["url"] for link in bundle.get("link", ()) if link["relation"] == "next"), None)
