"""What a server really has and had: every version of everything, by its history, without our client."""

from collections.abc import Iterator
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
    """Every version of every resource that has an identifier of this namespace."""
    found: History = {}
    deleted: History = {}
    with requests.Session() as session:
        session.headers.update({"Accept": "application/fhir+json", "Cache-Control": "no-cache"})
        for kind in TYPES:
            for entry in _entries(session, f"{url}/{kind}/_history?_count=500"):
                if "resource" not in entry:
                    name = (kind, entry["request"]["url"].partition("/")[2])
                    deleted.setdefault(name, []).append(Version(_number(entry["response"]["etag"]), {}))
                elif any(of(namespace, resource := entry["resource"])):
                    version = Version(int(resource["meta"]["versionId"]), resource)
                    found.setdefault((kind, resource["id"]), []).append(version)
    # A page may repeat what an earlier one had.
    return {
        name: sorted({v.number: v for v in [*versions, *deleted.get(name, ())]}.values(), key=lambda v: v.number)
        for name, versions in found.items()
    }


def of(namespace: str, resource: Json) -> Iterator[tuple[str, str]]:
    """The identifiers of a namespace on a resource, without their namespace."""
    named = resource.get("identifier", [])
    for each in named if isinstance(named, list) else [named]:
        if str(each.get("system")).startswith(f"{namespace}/"):
            yield each["system"].removeprefix(f"{namespace}/"), each["value"]


def _number(etag: str) -> int:
    return int(etag.removeprefix("W/").strip('"'))


def _entries(session: requests.Session, url: str | None) -> Iterator[Json]:
    while url:
        answer = session.get(url, timeout=120)
        answer.raise_for_status()
        bundle = answer.json()
        yield from bundle.get("entry", ())
        url = next((link["url"] for link in bundle.get("link", ()) if link["relation"] == "next"), None)
