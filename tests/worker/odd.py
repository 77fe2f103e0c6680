"""A server that keeps resources in memory and can be as odd as a test needs: what it lists, heeds and pages."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.faults import outcome

Json = dict[str, Any]
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Odd:
    """Answers as the fault of a way in between, so that no request reaches a real server."""

    url: str
    parameters: tuple[str, ...] = ("identifier", "_lastUpdated")
    interactions: tuple[str, ...] = ("search-type",)
    heeds: tuple[str, ...] = ("_lastUpdated",)
    page: int = 1000
    versions: dict[str, list[Json | None]] = field(default_factory=dict)
    moments: dict[str, list[datetime]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    clock: datetime = BEGIN
    between_pages: Any = None
    """Called before each page but the first."""

    def put(self, resource: Json, *, at: datetime | None = None) -> None:
        """Write a new version, a minute after the last one unless told otherwise."""
        self.clock += timedelta(minutes=1)
        moment = at or self.clock
        reference = f"{resource['resourceType']}/{resource['id']}"
        versions = self.versions.setdefault(reference, [])
        meta = {"versionId": str(len(versions) + 1), "lastUpdated": moment.isoformat()}
        versions.append({**resource, "meta": meta})
        self.moments.setdefault(reference, []).append(moment)

    def delete(self, reference: str) -> None:
        self.clock += timedelta(minutes=1)
        self.versions[reference].append(None)
        self.moments[reference].append(self.clock)

    def answer(self, method: str, path: str, body: bytes) -> Any:
        path = path.removeprefix(urlsplit(self.url).path).lstrip("/")
        if method == "POST":
            asked = [entry["request"]["url"] for entry in json.loads(body)["entry"]]
            entries = [
                {"response": {"status": str(status)}, "resource": found} for status, found in map(self._get, asked)
            ]
            return 200, {"resourceType": "Bundle", "type": "batch-response", "entry": entries}
        return self._get(path)

    def _get(self, url: str) -> tuple[int, Json]:
        self.asked.append(url)
        path, _, query = url.partition("?")
        criteria = dict(parse_qsl(query))
        if path == "metadata":
            return 200, self._statement()
        kind, _, rest = path.partition("/")
        if rest == "_history":
            return self._history(kind, criteria) if "history-type" in self.interactions else (404, outcome("not-found"))
        if rest:
            found = self.versions.get(path, [None])[-1]
            return (200, found) if found else (410 if path in self.versions else 404, outcome("deleted"))
        return self._search(kind, criteria)

    def _statement(self) -> Json:
        one = {
            "interaction": [{"code": code} for code in self.interactions],
            "searchParam": [{"name": name} for name in self.parameters],
        }
        kinds = ("Task", "EpisodeOfCare", "ServiceRequest", "CarePlan", "Patient")
        return {
            "resourceType": "CapabilityStatement",
            "rest": [{"resource": [{"type": kind, **one} for kind in kinds]}],
        }

    def _search(self, kind: str, criteria: dict[str, str]) -> tuple[int, Json]:
        start = int(criteria.get("_offset", 0))
        if start and self.between_pages:
            self.between_pages()
        found = [each[-1] for ref, each in self.versions.items() if ref.startswith(f"{kind}/") and each[-1]]
        found = [each for each in found if self._matches(each, criteria)]
        found.sort(key=lambda each: each["meta"]["lastUpdated"])
        shown, links = found[start : start + self.page], []
        if start + self.page < len(found):
            rest = "&".join(f"{name}={value}" for name, value in criteria.items() if name != "_offset")
            links = [{"relation": "next", "url": f"{self.url}/{kind}?{rest}&_offset={start + self.page}"}]
        entries = [{"resource": each, "search": {"mode": "match"}} for each in shown]
        return 200, {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}

    def _matches(self, resource: Json, criteria: dict[str, str]) -> bool:
        places = {"_lastUpdated": resource["meta"]["lastUpdated"], "modified": resource.get("lastModified")}
        for name, place in places.items():
            asked = criteria.get(name)
            if asked and name in self.heeds:
                moment = datetime.fromisoformat(asked[2:])
                if place is None or not (datetime.fromisoformat(place) >= moment):
                    return False
        return "status" not in criteria or resource.get("status") == criteria["status"]

    def _history(self, kind: str, criteria: dict[str, str]) -> tuple[int, Json]:
        since = datetime.fromisoformat(criteria["_since"]) if "_since" in criteria else BEGIN
        entries: list[tuple[datetime, Json]] = []
        for reference, versions in self.versions.items():
            for version, moment in zip(versions, self.moments[reference], strict=True):
                if reference.startswith(f"{kind}/") and moment >= since:
                    request = {"method": "PUT" if version else "DELETE", "url": reference}
                    answer = {"status": "200" if version else "204", "lastModified": moment.isoformat()}
                    entry = {"request": request, "response": answer}
                    entries.append((moment, {**entry, "resource": version} if version else entry))
        newest = [entry for _, entry in sorted(entries, key=lambda each: each[0], reverse=True)]
        return 200, {"resourceType": "Bundle", "type": "history", "entry": newest}
