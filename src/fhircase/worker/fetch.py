"""Resources read from the server: by reference, many at once, and by identifier."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from fhircase.client import FHIRClient
from fhircase.errors import NotFound
from fhircase.exchange import pull
from fhircase.exchange.abilities import Delivery
from fhircase.exchange.people import criteria, reference_of
from fhircase.exchange.references import Json
from fhircase.fhir import bundle
from fhircase.fhir.etag import built
from fhircase.fhir.lenient import object_at, objects_at, text_at
from fhircase.rest.transaction import failure
from fhircase.worker.station import Station

AT_ONCE = 50
"""References, or identifiers, in one request."""
PAGE = {"_count": str(pull.AT_ONCE)}
"""What a search asks for besides: many servers give twenty matches a page to whoever does not say how many he wants."""


@dataclass(frozen=True, slots=True)
class Found:
    """A resource as the server has it now."""

    resource: Json = field(repr=False)
    etag: str | None = None

    @property
    def reference(self) -> str:
        """How to refer to it on its server."""
        return reference_of(self.resource)


def seen(resource: Json) -> Found:
    """A resource that came without an ETag, as in a search: its version makes one."""
    return Found(resource, built(text_at(object_at(resource, "meta"), "versionId")))


def fetch(station: Station, references: Iterable[str]) -> tuple[dict[str, Found], set[str]]:
    """Read resources; the second value names those that are gone.

    Raises:
        ServerError: the server could not be asked, or would not say.
    """
    wanted = sorted(set(references))
    questions = [partial(asked, references=some, how=station.can.delivery) for some in _slices(wanted, AT_ONCE)]
    found: dict[str, Found] = {}
    gone: set[str] = set()
    for here, lost in station.asked(questions) if questions else ():
        found |= here
        gone |= lost
    return found, gone


def asked(client: FHIRClient, references: Iterable[str], how: Delivery) -> tuple[dict[str, Found], set[str]]:
    """Read resources with this client, as `fetch` does."""
    if how is Delivery.SINGLE:
        return _one_by_one(client, references)
    wanted = sorted(set(references))
    found: dict[str, Found] = {}
    gone: set[str] = set()
    for some in _slices(wanted, AT_ONCE):
        answers = client.batch([bundle.read(reference) for reference in some])
        for reference, answer in zip(some, answers, strict=True):
            if answer.status in (404, 410):
                gone.add(reference)
            elif error := failure(answer):
                raise error
            elif answer.resource:
                found[reference] = Found(answer.resource, answer.etag)
    return found, gone


def _one_by_one(client: FHIRClient, references: Iterable[str]) -> tuple[dict[str, Found], set[str]]:
    found: dict[str, Found] = {}
    gone: set[str] = set()
    for reference in sorted(set(references)):
        try:
            stored = client.read(*reference.split("/", 1))
        except NotFound:
            gone.add(reference)
        else:
            found[reference] = Found(stored.resource or {}, stored.etag)
    return found, gone


def pristine(station: Station, references: Iterable[str]) -> bool:
    """Whether nobody wrote to any of these since they were made; no, if the server will not say.

    Raises:
        ServerError: the server could not be asked.
    """
    if station.can.delivery is Delivery.SINGLE:
        return False
    for some in _slices(sorted(set(references)), AT_ONCE):
        answers = station.client.batch([bundle.read(f"{reference}/_history") for reference in some])
        if not all(answer.ok and len(objects_at(answer.resource, "entry")) == 1 for answer in answers):
            return False
    return True


def originals(station: Station, references: Iterable[str]) -> dict[str, Found]:
    """Each of these as it was made; left out where the server will not say.

    Raises:
        ServerError: the server could not be asked.
    """
    found: dict[str, Found] = {}
    for some in _slices(sorted(set(references)), AT_ONCE):
        answers = station.client.batch([bundle.read(f"{reference}/_history") for reference in some])
        for reference, answer in zip(some, answers, strict=True):
            if answer.ok and (oldest := _oldest(station, reference, answer.resource or {})):
                found[reference] = seen(oldest)
    return found


def _oldest(station: Station, reference: str, page: Json) -> Json:
    """The last entry of a history, whose newest come first."""
    if any(text_at(link, "relation") == "next" for link in objects_at(page, "link")):
        *_, last = station.client.history(*reference.split("/"))
        return last.resource or {}
    entries = objects_at(page, "entry")
    return object_at(entries[-1], "resource") if entries else {}


def identified(station: Station, wanted: Mapping[str, Collection[str]]) -> dict[str, list[Json]]:
    """Find all resources of each type that have one of these identifiers (`system|value`); none if it cannot look.

    Raises:
        ServerError: the server could not be asked.
    """
    asked = [
        (kind, some)
        for kind, tokens in wanted.items()
        if tokens and station.can.can_find(kind)
        for some in _slices(sorted(set(tokens)), AT_ONCE)
    ]
    found: dict[str, list[Json]] = {kind: [] for kind in wanted}
    for (kind, _), answer in zip(asked, station.asked([partial(_with, *each) for each in asked]), strict=True):
        found[kind] += answer
    return found


def _with(kind: str, tokens: Sequence[str], client: FHIRClient) -> list[Json]:
    return list(client.search(kind, {"identifier": criteria(tokens)} | PAGE))


def _slices(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
