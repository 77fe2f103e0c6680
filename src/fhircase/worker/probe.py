"""What a server does, found out on resources that the probe makes and deletes itself.

A CapabilityStatement says what a server claims. Here each claim that the exchange depends on is tried.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from fhircase.client import FHIRClient
from fhircase.errors import Conflict, NotFound, Rejected, ServerError
from fhircase.exchange.people import PARTIES, PATIENT
from fhircase.exchange.pull import part_types
from fhircase.exchange.references import Json
from fhircase.fhir import bundle, jsontext
from fhircase.fhir.lenient import objects_at, text_at
from fhircase.rest.ask import get
from fhircase.rest.message import Interaction
from fhircase.rest.moment import http_date
from fhircase.rest.stored import Stored
from fhircase.worker.probed import keep
from fhircase.worker.station import Station

SYSTEM = "urn:ietf:rfc:3986"
ANCHORS = ("case", "care-plan", "referral")
"""Kinds of records whose parts a server should take."""
OTHERS = (PATIENT, *PARTIES, "Coverage", "ClaimResponse", "Encounter")
"""Types that belong to the server, and are linked."""
NOTE = "probing"
FUTURE = "gt2999-12-31"
AT_MOST = 100
"""Entries to try in one bundle; a probe is a guest."""


@dataclass(slots=True)
class Probed:
    """What was found, by name, and what could not be taken away again."""

    found: dict[str, Any] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    """References of resources that could not be deleted."""


class Probe:
    """One visit to a server."""

    def __init__(self, station: Station, report: Probed) -> None:
        self._client: FHIRClient = station.client
        self._station = station
        self._report = report
        self._made: list[str] = []
        # A probe that was killed has left a note of what it meant to make.
        note = station.ledger.facts(station.server).get(NOTE)
        self._tokens: list[str] = jsontext.decode(note) if note else []
        self.kind = kind_of(station.client.capabilities())

    def run(self) -> None:
        """Find out everything; what was made is deleted, whatever happens.

        Raises:
            ServerError: the server could not be asked, or lets nothing be made.
        """
        with self._cleaned():
            first, token = self._creates()
            tries: dict[str, Callable[[], object]] = {
                "conditional": lambda: self._again(token, first),
                "by_identifier": lambda: self._finds(token, first),
                "last_updated": lambda: not self._search(identifier=token, _lastUpdated=FUTURE),
                "etag": lambda: first.etag is not None,
                "representation": lambda: first.resource is not None,
                "preconditions": lambda: self._heeds_etag(first),
                "history": lambda: len(list(self._client.history(self.kind, first.id))) > 1,
                "batch": lambda: all(each.ok for each in self._client.batch([self._read(first)] * 2)),
                "transaction": lambda: all(each.ok for each in self._transacts()),
                "conditional_in_transaction": self._again_in_transaction,
                "atomic": self._rolls_back,
                "own_id": self._takes_id,
                "entries": lambda: self._entries(first),
                "clock_seconds": self._clock,
            }
            for name, find_out in tries.items():
                self._report.found[name] = self._tried(find_out)

    def _tried(self, find_out: Callable[[], object]) -> object:
        """What came of it; a refusal is a no."""
        try:
            return find_out()
        except Rejected as error:
            if error.status in (401, 403, 429) or (error.status or 0) >= 502:
                raise
            return False

    # -- what is tried ------------------------------------------------------------------------------

    def _creates(self) -> tuple[Stored, str]:
        resource, token = self._new()
        return self._noted(self._client.create(resource, if_none_exist={"identifier": token})), token

    def _again(self, token: str, first: Stored) -> bool:
        again = self._client.create(self._new(token)[0], if_none_exist={"identifier": token})
        return self._noted(again).id == first.id

    def _finds(self, token: str, first: Stored) -> bool:
        return first.id in {text_at(each, "id") for each in self._search(identifier=token)}

    def _heeds_etag(self, first: Stored) -> bool:
        stale = first.etag or 'W/"1"'
        now = self._client.read(self.kind, first.id)
        self._client.update(now.resource or {}, if_match=now.etag)
        try:
            self._client.update(now.resource or {}, if_match=stale)
        except Conflict:
            return True
        return False

    def _transacts(self) -> tuple[bundle.EntryResult, ...]:
        resource, token = self._new()
        entry = bundle.create(resource, if_none_exist={"identifier": token})
        return self._all_noted(self._client.transaction([entry]))

    def _again_in_transaction(self) -> bool:
        resource, token = self._new()
        entry = bundle.create(resource, if_none_exist={"identifier": token})
        [one], [two] = (self._all_noted(self._client.transaction([entry])) for _ in range(2))
        return one.ok and one.id == two.id

    def _rolls_back(self) -> bool | None:
        resource, token = self._new()
        bad = {"resource": {"resourceType": "NoSuchThing"}, "request": {"method": "POST", "url": "NoSuchThing"}}
        try:
            self._all_noted(self._client.transaction([bundle.create(resource), bad]))
        except Rejected:
            return not self._search(identifier=token) if self._report.found.get("by_identifier") else None
        return False

    def _takes_id(self) -> bool:
        resource, _ = self._new()
        made = self._client.update({**resource, "id": str(uuid4())})
        return self._noted(made).created

    def _entries(self, first: Stored) -> int:
        send = self._client.transaction if self._report.found.get("transaction") else self._client.batch
        size = min(AT_MOST, self._station.to.bundle_entries)
        while size > 1:
            if self._tried(lambda size=size: all(each.ok for each in send([self._read(first)] * size))):  # type: ignore[misc]
                return size
            size //= 2
        return 1

    def _clock(self) -> float | None:
        """Seconds by which the server's clock is ahead of ours."""
        said = http_date(self._client.run(_date(self._client)))
        return round((said - self._station.now()).total_seconds(), 1) if said else None

    # -- what is made, and taken away ---------------------------------------------------------------

    def _new(self, token: str = "") -> tuple[Json, str]:
        value = token.partition("|")[2] or f"urn:uuid:{uuid4()}"
        self._tokens.append(f"{SYSTEM}|{value}")
        self._note()
        resource = {"resourceType": self.kind, "identifier": [{"system": SYSTEM, "value": value}], **_KINDS[self.kind]}
        return resource, f"{SYSTEM}|{value}"

    def _read(self, first: Stored) -> bundle.Entry:
        return bundle.read(f"{self.kind}/{first.id}")

    def _search(self, **criteria: str) -> list[Json]:
        return list(self._client.search(self.kind, criteria))

    def _noted(self, made: Stored) -> Stored:
        self._made.append(f"{self.kind}/{made.id}")
        return made

    def _all_noted(self, results: tuple[bundle.EntryResult, ...]) -> tuple[bundle.EntryResult, ...]:
        self._made += [f"{self.kind}/{each.id}" for each in results if each.ok and each.id]
        return results

    @contextmanager
    def _cleaned(self) -> Iterator[None]:
        try:
            yield
        finally:
            found = (self._leftover(token) for token in dict.fromkeys(self._tokens))
            for reference in dict.fromkeys([*self._made, *(each for some in found for each in some)]):
                if not self._deleted(reference):
                    self._report.left.append(reference)
            self._station.ledger.drop_fact(self._station.server, NOTE)

    def _note(self) -> None:
        ledger, text = self._station.ledger, jsontext.encode(self._tokens).decode()
        ledger.keep_fact(self._station.server, NOTE, text, now=self._station.now())

    def _leftover(self, token: str) -> list[str]:
        """What was made although its answer did not arrive."""
        try:
            found = [each for each in self._search(identifier=token) if _has(each, token)]
        except ServerError:
            return []
        return [f"{self.kind}/{each['id']}" for each in found]

    def _deleted(self, reference: str) -> bool:
        try:
            self._client.delete(*reference.split("/", 1))
        except NotFound:
            return True
        except ServerError:
            return False
        return True


_KINDS: dict[str, Json] = {
    "Basic": {"code": {"text": "probe of fhircase, to be deleted"}},
    "Task": {"status": "draft", "intent": "proposal", "description": "probe of fhircase, to be deleted"},
    "Organization": {"name": "probe of fhircase, to be deleted", "active": False},
}
"""Types of resource that concern nobody, the most harmless first."""


def kind_of(statement: Json) -> str:
    """The type of resource to try things with: one that the server says can be made and deleted."""
    entries = {
        text_at(entry, "type"): {text_at(each, "code") for each in objects_at(entry, "interaction")}
        for rest in objects_at(statement, "rest")
        for entry in objects_at(rest, "resource")
    }
    fine = [kind for kind in _KINDS if not entries.get(kind, {"-"}) or {"create", "delete"} <= entries.get(kind, set())]
    return fine[0] if fine else "Basic"


def probe(station: Station, report: Probed) -> None:
    """Find out what a server does, and remember it; the report tells also if it ends early.

    Raises:
        ServerError: the server could not be asked.
    """
    station.memory.clear()
    types = (kind for each in ANCHORS for kind in part_types(each, station.to.fhir, station.to.overlays))
    report.found["unlisted"] = station.can.lacking(kind for kind in types if kind not in OTHERS)
    Probe(station, report).run()
    keep(station.ledger, station.server, report.found, now=station.now())
    station.memory.clear()


def _has(resource: Json, token: str) -> bool:
    return any(f"{each.get('system')}|{each.get('value')}" == token for each in objects_at(resource, "identifier"))


def _date(client: FHIRClient) -> Interaction[str | None]:
    response = yield get(client.address.url("metadata"))
    return response.headers.get("date")
