"""A FHIR server in memory that does what FHIR says and nothing else, so that a test can ask it everything it did.

Source: https://hl7.org/fhir/R4/http.html
"""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.model.history import Write, history, of
from tests.model.search import matches

from fhircase.fhir import jsontext

Json = dict[str, Any]
OURS = ("EpisodeOfCare", "CareTeam", "Condition", "CarePlan", "Goal", "ServiceRequest", "Task", "Procedure")
TYPES = (*OURS, "Patient", "Organization", "Practitioner", "PractitionerRole", "Coverage", "Encounter", "Observation")
PAGE = 50


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass
class Answer:
    """What the server says."""

    status: int
    body: Json = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


class ModelServer:
    """Holds every version of every resource; the writes stand in the order in which they were done."""

    def __init__(self, url: str, unsearchable: Iterable[str] = (), *, histories: bool = False) -> None:
        self.url = url
        self.histories = histories
        """Whether it tells what happened to a type, deletions too."""
        self.searchable = [kind for kind in TYPES if kind not in set(unsearchable)]
        self.versions: dict[str, list[Json]] = {}
        """By reference; empty where it was deleted."""
        self.writes: list[Write] = []
        self._made = 0
        self.clock = datetime(2026, 1, 1, tzinfo=UTC)
        self.lag = timedelta(0)
        """How long ago began what is written now: servers date a change by its beginning, and show it at its end."""

    # -- for tests ----------------------------------------------------------------------------------

    def live(self, *kinds: str) -> Iterator[Json]:
        """What is there."""
        for reference, versions in self.versions.items():
            if versions[-1] and (not kinds or reference.partition("/")[0] in kinds):
                yield versions[-1]

    def put(self, reference: str, resource: Json) -> None:
        """Let something be there."""
        self._write("town", reference, resource)

    # -- requests -----------------------------------------------------------------------------------

    def handle(self, who: str, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Answer:
        """Do one request; path is below the base URL."""
        resource = jsontext.decode(body) if body and not path.endswith("_search") else None
        try:
            if path == "":
                return self._bundle(who, resource)
            return self._one(who, method, path, query, headers, resource, body)
        except Refused as refused:
            return _refusal(refused)

    def _one(
        self, who: str, method: str, path: str, query: str, headers: dict[str, str], resource: Any, body: bytes = b""
    ) -> Answer:
        kind = path.partition("/")[0]
        if path == "metadata":
            return Answer(200, self._statement())
        if kind not in TYPES:
            raise Refused(404, "no such type")
        if path == f"{kind}/_search":
            return self._search(kind, body.decode())
        if method == "GET":
            return self._get(kind, path, query)
        if method == "POST":
            return self._create(who, resource, headers.get("if-none-exist"))
        if method == "PUT":
            return self._update(who, path, resource, headers.get("if-match"))
        if method == "DELETE":
            return self._delete(who, path)
        raise Refused(405, "not done here")

    def _get(self, kind: str, path: str, query: str) -> Answer:
        if path == kind:
            return self._search(kind, query)
        if path.endswith("/_history"):
            return self._history(path.removesuffix("/_history"), query)
        return _stored(200, self._read(path))

    def _statement(self) -> Json:
        interactions = [{"code": code} for code in ("read", "create", "update", "history-instance")]
        interactions += [{"code": "history-type"}] if self.histories else []
        found = [*interactions, {"code": "search-type"}]
        parameters = [{"name": "identifier", "type": "token"}, {"name": "_lastUpdated", "type": "date"}]
        resources = [
            {"type": kind, "interaction": found, "searchParam": parameters}
            if kind in self.searchable
            else {"type": kind, "interaction": interactions}
            for kind in TYPES
        ]
        rest = {"mode": "server", "resource": resources}
        return {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": [rest]}

    # -- reading ------------------------------------------------------------------------------------

    def _read(self, reference: str) -> Json:
        versions = self.versions.get(reference)
        if not versions:
            raise Refused(404, "not known")
        if not versions[-1]:
            raise Refused(410, "deleted")
        return versions[-1]

    def _history(self, which: str, query: str) -> Answer:
        if which not in (self.versions if "/" in which or not self.histories else TYPES):
            raise Refused(404, "not known")
        return Answer(200, history(of(which, self.writes), dict(parse_qsl(query)).get("_since", "")))

    def _search(self, kind: str, query: str) -> Answer:
        asked = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
        if kind not in self.searchable:
            raise Refused(400, "cannot be searched")
        start = int(asked.pop("_from", 0))
        found = [resource for resource in self.live(kind) if matches(resource, asked)]
        entries = [{"resource": resource, "search": {"mode": "match"}} for resource in found[start : start + PAGE]]
        bundle: Json = {"resourceType": "Bundle", "type": "searchset", "entry": entries, "link": []}
        if start + PAGE < len(found):
            rest = query.partition("&_from=")[0]
            bundle["link"] = [{"relation": "next", "url": f"{self.url}/{kind}?{rest}&_from={start + PAGE}"}]
        return Answer(200, bundle)

    # -- writing ------------------------------------------------------------------------------------

    def _create(self, who: str, resource: Json, criteria: str | None) -> Answer:
        found = self._matching(resource["resourceType"], criteria)
        if found:
            return _stored(200, found)
        return _stored(201, self._write(who, self._number(resource["resourceType"]), resource))

    def _matching(self, kind: str, criteria: str | None) -> Json:
        if not criteria:
            return {}
        found = [each["resource"] for each in self._search(kind, criteria).body["entry"]]
        if len(found) > 1:
            raise Refused(412, "several match")
        return found[0] if found else {}

    def _update(self, who: str, reference: str, resource: Json, if_match: str | None) -> Answer:
        there = self._read(reference)
        if if_match is not None and if_match != _etag(there):
            raise Refused(412, "another version is there")
        if f"{resource['resourceType']}/{resource['id']}" != reference:
            raise Refused(400, "its id is another one")
        return _stored(200, self._write(who, reference, resource))

    def _delete(self, who: str, reference: str) -> Answer:
        there = self._read(reference)
        versions = self.versions[reference]
        versions.append({})
        self.clock += timedelta(milliseconds=7)
        self.writes.append(Write(who, reference, there, {}, len(versions), _moment(self.clock)))
        return Answer(204)

    def _number(self, kind: str) -> str:
        self._made += 1
        return f"{kind}/{self._made}"

    def _write(self, who: str, reference: str, resource: Json) -> Json:
        self.clock += timedelta(milliseconds=7)
        versions = self.versions.setdefault(reference, [])
        began = max([self.clock - self.lag, *(_dated(each) for each in versions[-1:] if each)])
        number, moment = len(versions) + 1, _moment(began)
        meta = {**resource.get("meta", {}), "versionId": str(number), "lastUpdated": moment}
        stored = {**deepcopy(resource), "id": reference.partition("/")[2], "meta": meta}
        self.writes.append(Write(who, reference, versions[-1] if versions else {}, stored, number, moment))
        versions.append(stored)
        return stored

    # -- bundles ------------------------------------------------------------------------------------

    def _bundle(self, who: str, bundle: Json) -> Answer:
        if bundle["type"] == "batch":
            answers = [self._entry(who, entry) for entry in bundle["entry"]]
            return Answer(200, _answers("batch-response", answers))
        versions, writes = {name: list(each) for name, each in self.versions.items()}, len(self.writes)
        try:
            return Answer(200, _answers("transaction-response", self._transaction(who, bundle["entry"])))
        except Refused:
            self.versions = versions
            del self.writes[writes:]
            raise

    def _entry(self, who: str, entry: Json) -> Answer:
        request = entry["request"]
        path, _, query = request["url"].partition("?")
        headers = {"if-match": request.get("ifMatch"), "if-none-exist": request.get("ifNoneExist")}
        said = {name: value for name, value in headers.items() if value}
        try:
            return self._one(who, request["method"], unquote(path), query, said, entry.get("resource"))
        except Refused as refused:
            return _refusal(refused)

    def _transaction(self, who: str, entries: list[Json]) -> list[Answer]:
        """All or none: what is referred to as `urn:uuid:` has its id before anything is written."""
        names: dict[str, str] = {}
        made: dict[int, str] = {}
        for number, entry in enumerate(entries):
            if entry["request"]["method"] == "POST":
                kind = entry["resource"]["resourceType"]
                found = self._matching(kind, entry["request"].get("ifNoneExist"))
                made[number] = "" if found else self._number(kind)
                names[entry.get("fullUrl", "")] = f"{kind}/{found['id']}" if found else made[number]
        answers = []
        for number, entry in enumerate(entries):
            resource = _renamed(entry.get("resource"), names)
            if made.get(number):
                answers.append(_stored(201, self._write(who, made[number], resource)))
                continue
            answer = self._entry(who, {**entry, "resource": resource})
            if answer.status >= 300:
                raise Refused(answer.status, "an entry was refused")
            answers.append(answer)
        return answers


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    inner = {name: _renamed(each, names) for name, each in value.items()}
    if isinstance(inner.get("reference"), str) and inner["reference"].startswith("urn:uuid:"):
        if inner["reference"] not in names:
            raise Refused(400, "it refers to what is not in the bundle")
        inner["reference"] = names[inner["reference"]]
    return inner


def _moment(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _dated(version: Json) -> datetime:
    return datetime.fromisoformat(version["meta"]["lastUpdated"]) + timedelta(milliseconds=1)


def _etag(resource: Json) -> str:
    return f'W/"{resource["meta"]["versionId"]}"'


def _stored(status: int, resource: Json) -> Answer:
    place = f"{resource['resourceType']}/{resource['id']}/_history/{resource['meta']['versionId']}"
    return Answer(status, resource, {"ETag": _etag(resource), "Location": place})


def _refusal(refused: Refused) -> Answer:
    issue = {"severity": "error", "code": "processing", "diagnostics": str(refused)}
    return Answer(refused.status, {"resourceType": "OperationOutcome", "issue": [issue]})


def _answers(kind: str, answers: list[Answer]) -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": [_answered(each) for each in answers]}


def _answered(answer: Answer) -> Json:
    response: Json = {"status": str(answer.status)}
    if answer.headers:
        response |= {"etag": answer.headers["ETag"], "location": answer.headers["Location"]}
    if answer.status >= 400:
        return {"response": {**response, "outcome": answer.body}}
    return {"response": response, "resource": answer.body} if answer.body else {"response": response}
