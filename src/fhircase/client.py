"""Talk to one FHIR server: the same interactions, blocking on requests or asynchronous on httpx.

    with FHIRClient("https://fhir.example.org/fhir", auth=bearer(token)) as server:
        task = server.read("Task", "42")
        server.update({**task.resource, "status": "accepted"}, if_match=task.etag)

Every method raises a ServerError's subclass when it does not work out; see fhircase.errors for which and why.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from fhircase.fhir import bundle
from fhircase.fhir.bundle import Entry, EntryResult
from fhircase.fhir.criteria import Criteria
from fhircase.rest import read as reading
from fhircase.rest import search as searching
from fhircase.rest import transaction as submitting
from fhircase.rest import write as writing
from fhircase.rest.address import Address
from fhircase.rest.ask import Prefer
from fhircase.rest.capabilities import capabilities
from fhircase.rest.layer import Layer, through
from fhircase.rest.message import Interaction, T
from fhircase.rest.origin import guard
from fhircase.rest.retry import Retry, retrying
from fhircase.rest.search import Page, Walk
from fhircase.rest.stored import Stored
from fhircase.transport import asynchronous, blocking
from fhircase.transport.drive import run, run_async
from fhircase.transport.quiet import hush

if TYPE_CHECKING:
    import httpx
    import requests

Json: TypeAlias = Mapping[str, Any]
Entries: TypeAlias = Json | Iterable[Entry]
"""A whole bundle, or entries made by fhircase.fhir.bundle."""

TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and to wait between two bytes of the answer."""


class _Client:
    """What both clients share: the server's address and the layers every request passes through."""

    def __init__(
        self,
        base_url: str,
        auth: Layer | None,
        layers: Sequence[Layer],
        retry: Retry,
        random: Callable[[], float],
        wire: Sequence[Layer],
    ) -> None:
        self.address = Address(base_url)
        # Credentials come after the guard, so that they are put on no request to elsewhere.
        after = [auth] if auth else []
        self._layers = [*layers, guard(self.address), *after, retrying(retry, random), *wire]
        hush()

    @property
    def base_url(self) -> str:
        """The server's base URL, without a trailing slash."""
        return self.address.base_url

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"


class FHIRClient(_Client):
    """Talk to a FHIR server, blocking, on `requests`. One client a thread: requests promises no more.

    Args:
        session: a requests.Session of your own (proxies, certificates); it stays open when the client closes.
        auth: a layer from fhircase.auth, such as bearer(token).
        layers: more layers, nearest to the interaction first.
        wire: layers nearest to the wire: what is sent again passes through them again.
        timeout: seconds to connect, and to wait between two bytes.
        retry: how patiently to try again what may be tried again.
    """

    def __init__(  # noqa: PLR0913 - each is a setting of its own
        self,
        base_url: str,
        session: "requests.Session | None" = None,
        auth: Layer | None = None,
        *,
        layers: Sequence[Layer] = (),
        wire: Sequence[Layer] = (),
        timeout: tuple[float, float] = TIMEOUT,
        retry: Retry = Retry(),  # noqa: B008
        sleep: Callable[[float], Any] = time.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(base_url, auth, layers, retry, random, wire)
        self._session = session or blocking.session()
        self._own = session is None
        self._send = blocking.sender(self._session, timeout)
        self._sleep = sleep

    def run(self, interaction: Interaction[T]) -> T:
        """Let an interaction of your own talk to this server, with all its layers."""
        return run(through(interaction, self._layers), self._send, self._sleep)

    def read(self, type: str, id: str) -> Stored:
        """Read the current version of a resource."""
        return self.run(reading.read(self.address, type, id))

    def vread(self, type: str, id: str, version: str) -> Stored:
        """Read one version of a resource."""
        return self.run(reading.vread(self.address, type, id, version))

    def history(self, type: str, id: str) -> Iterator[Stored]:
        """Read all versions of a resource, newest first, a page at a time."""
        walk = Walk(self.address, searching.history_page(self.address, type, id))
        while walk.more:
            yield from reading.versions(self.run(walk.step()).entries, type, id)

    def type_history(self, type: str, since: str | None = None) -> Iterator[Stored]:
        """Read all versions of all resources of a type since an instant, a page at a time; 204 is a deletion."""
        walk = Walk(self.address, searching.type_history_page(self.address, type, since))
        while walk.more:
            yield from reading.versions_of_type(self.run(walk.step()).entries, type)

    def search(self, type: str, criteria: Criteria = ()) -> Iterator[dict[str, Any]]:
        """Find resources, asking for a page only when it is needed; none comes twice.

        Included resources (`_include`) come among the matches.
        """
        walk = Walk(self.address, searching.search_page(self.address, type, criteria))
        while walk.more:
            yield from walk.fresh(self.run(walk.step()))

    def search_page(self, type: str, criteria: Criteria = ()) -> Page:
        """Ask for the first page of a search."""
        return self.run(searching.search_page(self.address, type, criteria))

    def next_page(self, page: Page) -> Page | None:
        """Ask for the page after this one; None after the last."""
        return self.run(searching.next_page(self.address, page.next)) if page.next else None

    def create(
        self,
        resource: Json,
        *,
        if_none_exist: Criteria | None = None,
        prefer: Prefer | None = "representation",
    ) -> Stored:
        """Create a resource; with `if_none_exist` only where nothing matches (else 200 and the match)."""
        return self.run(writing.create(self.address, resource, if_none_exist=if_none_exist, prefer=prefer))

    def update(
        self,
        resource: Json,
        *,
        if_match: str | None = None,
        where: Criteria | None = None,
        prefer: Prefer | None = "representation",
    ) -> Stored:
        """Replace the resource with this id, or the one that `where` matches; `if_match` is an etag."""
        return self.run(writing.update(self.address, resource, if_match=if_match, where=where, prefer=prefer))

    def patch(
        self,
        type: str,
        id: str,
        operations: Sequence[Json],
        *,
        if_match: str | None = None,
        prefer: Prefer | None = "representation",
    ) -> Stored:
        """Change places of a resource by JSON Patch."""
        return self.run(writing.patch(self.address, type, id, operations, if_match=if_match, prefer=prefer))

    def delete(self, type: str, id: str, *, if_match: str | None = None) -> None:
        """Delete a resource."""
        self.run(writing.delete(self.address, type, id, if_match=if_match))

    def transaction(self, entries: Entries, *, prefer: Prefer | None = "representation") -> tuple[EntryResult, ...]:
        """Do all entries or none; a refusal raises. Results stand in the order of the entries."""
        return self.run(submitting.submit(self.address, _whole(entries, bundle.transaction), prefer=prefer))

    def batch(self, entries: Entries, *, prefer: Prefer | None = "representation") -> tuple[EntryResult, ...]:
        """Do each entry for itself; one that fails is a result that is not `ok`."""
        return self.run(submitting.submit(self.address, _whole(entries, bundle.batch), prefer=prefer))

    def capabilities(self) -> dict[str, Any]:
        """Read the server's CapabilityStatement."""
        return self.run(capabilities(self.address))

    def close(self) -> None:
        """Close the connections, unless the session is yours."""
        if self._own:
            self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncFHIRClient(_Client):
    """Talk to a FHIR server without blocking, on `httpx` (`pip install fhircase[async]`).

    Every method is FHIRClient's of the same name, to be awaited; `history` and `search` go with `async for`.

    Args:
        client: an httpx.AsyncClient of your own; it stays open when this one closes.
        auth: a layer from fhircase.auth, such as bearer(token).
        layers: more layers, nearest to the interaction first.
        wire: layers nearest to the wire: what is sent again passes through them again.
        timeout: seconds to connect, and to wait between two bytes.
        retry: how patiently to try again what may be tried again.

    Raises:
        ConfigError: httpx is not installed.
    """

    def __init__(  # noqa: PLR0913 - each is a setting of its own
        self,
        base_url: str,
        client: "httpx.AsyncClient | None" = None,
        auth: Layer | None = None,
        *,
        layers: Sequence[Layer] = (),
        wire: Sequence[Layer] = (),
        timeout: tuple[float, float] = TIMEOUT,
        retry: Retry = Retry(),  # noqa: B008
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(base_url, auth, layers, retry, random, wire)
        self._client = client or asynchronous.client()
        self._own = client is None
        self._send = asynchronous.sender(self._client, timeout)
        self._sleep = sleep

    async def run(self, interaction: Interaction[T]) -> T:
        """Let an interaction of your own talk to this server, with all its layers."""
        return await run_async(through(interaction, self._layers), self._send, self._sleep)

    async def read(self, type: str, id: str) -> Stored:
        """Read the current version of a resource."""
        return await self.run(reading.read(self.address, type, id))

    async def vread(self, type: str, id: str, version: str) -> Stored:
        """Read one version of a resource."""
        return await self.run(reading.vread(self.address, type, id, version))

    async def history(self, type: str, id: str) -> AsyncIterator[Stored]:
        """Read all versions of a resource, newest first, a page at a time."""
        walk = Walk(self.address, searching.history_page(self.address, type, id))
        while walk.more:
            for version in reading.versions((await self.run(walk.step())).entries, type, id):
                yield version

    async def type_history(self, type: str, since: str | None = None) -> AsyncIterator[Stored]:
        """Read all versions of all resources of a type since an instant, a page at a time; 204 is a deletion."""
        walk = Walk(self.address, searching.type_history_page(self.address, type, since))
        while walk.more:
            for version in reading.versions_of_type((await self.run(walk.step())).entries, type):
                yield version

    async def search(self, type: str, criteria: Criteria = ()) -> AsyncIterator[dict[str, Any]]:
        """Find resources, asking for a page only when it is needed; none comes twice."""
        walk = Walk(self.address, searching.search_page(self.address, type, criteria))
        while walk.more:
            for resource in walk.fresh(await self.run(walk.step())):
                yield resource

    async def search_page(self, type: str, criteria: Criteria = ()) -> Page:
        """Ask for the first page of a search."""
        return await self.run(searching.search_page(self.address, type, criteria))

    async def next_page(self, page: Page) -> Page | None:
        """Ask for the page after this one; None after the last."""
        return await self.run(searching.next_page(self.address, page.next)) if page.next else None

    async def create(
        self,
        resource: Json,
        *,
        if_none_exist: Criteria | None = None,
        prefer: Prefer | None = "representation",
    ) -> Stored:
        """Create a resource; with `if_none_exist` only where nothing matches (else 200 and the match)."""
        return await self.run(writing.create(self.address, resource, if_none_exist=if_none_exist, prefer=prefer))

    async def update(
        self,
        resource: Json,
        *,
        if_match: str | None = None,
        where: Criteria | None = None,
        prefer: Prefer | None = "representation",
    ) -> Stored:
        """Replace the resource with this id, or the one that `where` matches; `if_match` is an etag."""
        return await self.run(writing.update(self.address, resource, if_match=if_match, where=where, prefer=prefer))

    async def patch(
        self,
        type: str,
        id: str,
        operations: Sequence[Json],
        *,
        if_match: str | None = None,
        prefer: Prefer | None = "representation",
    ) -> Stored:
        """Change places of a resource by JSON Patch."""
        return await self.run(writing.patch(self.address, type, id, operations, if_match=if_match, prefer=prefer))

    async def delete(self, type: str, id: str, *, if_match: str | None = None) -> None:
        """Delete a resource."""
        await self.run(writing.delete(self.address, type, id, if_match=if_match))

    async def transaction(
        self, entries: Entries, *, prefer: Prefer | None = "representation"
    ) -> tuple[EntryResult, ...]:
        """Do all entries or none; a refusal raises. Results stand in the order of the entries."""
        whole = _whole(entries, bundle.transaction)
        return await self.run(submitting.submit(self.address, whole, prefer=prefer))

    async def batch(self, entries: Entries, *, prefer: Prefer | None = "representation") -> tuple[EntryResult, ...]:
        """Do each entry for itself; one that fails is a result that is not `ok`."""
        whole = _whole(entries, bundle.batch)
        return await self.run(submitting.submit(self.address, whole, prefer=prefer))

    async def capabilities(self) -> dict[str, Any]:
        """Read the server's CapabilityStatement."""
        return await self.run(capabilities(self.address))

    async def aclose(self) -> None:
        """Close the connections, unless the httpx client is yours."""
        if self._own:
            await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _whole(entries: Entries, wrap: Callable[[Iterable[Entry]], dict[str, Any]]) -> Json:
    return entries if isinstance(entries, Mapping) else wrap(entries)
