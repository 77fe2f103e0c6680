"""Search a page at a time, following the server's `next` links and nobody else's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhircase.errors import ForeignHost, NotFHIR
from fhircase.fhir.criteria import Criteria, query
from fhircase.fhir.lenient import object_at, objects_at, text_at
from fhircase.fhir.outcome import Issue, issues_of
from fhircase.rest.address import Address, Origin, shown
from fhircase.rest.answer import resource_of
from fhircase.rest.ask import form, get
from fhircase.rest.message import Interaction, Request

LONGEST_URL = 2000
"""Beyond this the criteria go into the body of a POST `_search`: proxies and servers cut long URLs."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search or history: its entries, and where the next one is."""

    entries: list[dict[str, Any]] = field(repr=False)
    next: str | None = field(default=None, repr=False)
    """Absolute URL of the next page; None on the last."""
    total: int | None = None
    """How many match in all, if the server says; some never do."""
    issues: tuple[Issue, ...] = ()
    """What the server remarked about the search itself, such as a parameter that it ignored."""

    @property
    def resources(self) -> list[dict[str, Any]]:
        """The matches and what was included with them, without the server's remarks."""
        found = [object_at(entry, "resource") for entry in self.entries if not _remark(entry)]
        return [resource for resource in found if resource]


def search_page(address: Address, type: str, criteria: Criteria = ()) -> Interaction[Page]:
    """Ask for the first page of a search; criteria too long for a URL go by POST `_search`.

    Source: https://hl7.org/fhir/R4/http.html#search
    """
    fields = query(criteria)
    url = address.url(type, query=fields)
    if len(url) > LONGEST_URL:
        return _page(address, form(address.url(type, "_search"), fields))
    return _page(address, get(url, fresh=True))


def history_page(address: Address, type: str, id: str) -> Interaction[Page]:
    """Ask for the first page of a resource's history.

    Source: https://hl7.org/fhir/R4/http.html#history
    """
    return _page(address, get(address.url(type, id, "_history"), fresh=True))


def type_history_page(address: Address, type: str, since: str | None = None) -> Interaction[Page]:
    """Ask for the first page of a type's history: every version of every resource, deletions among them.

    Source: https://hl7.org/fhir/R4/http.html#history
    """
    return _page(
        address, get(address.url(type, "_history", query=query({"_since": since} if since else ())), fresh=True)
    )


def next_page(address: Address, url: str) -> Interaction[Page]:
    """Ask for a page that an earlier one links to.

    Raises:
        ForeignHost: the link leads to another server.

    Source: https://hl7.org/fhir/R4/http.html#paging
    """
    return _page(address, get(url, fresh=True))


class Walk:
    """All pages of a search, one `step` at a time, for a loop that does the I/O."""

    def __init__(self, address: Address, first: Interaction[Page]) -> None:
        self._address = address
        self._turn: Interaction[Page] | None = first
        self._read: set[str] = set()
        self._seen: set[tuple[str, str]] = set()

    @property
    def more(self) -> bool:
        """Whether there is another page to ask for."""
        return self._turn is not None

    def step(self) -> Interaction[Page]:
        """Ask for the next page."""
        turn, self._turn = self._turn, None
        if turn is None:
            return Page([])
        page = yield from turn
        if page.next is not None:
            if page.next in self._read:
                where = shown(page.next)
                raise NotFHIR(f"{where}: the server's next links go in a circle", url=where)
            self._read.add(page.next)
            self._turn = next_page(self._address, page.next)
        return page

    def fresh(self, page: Page) -> Iterable[dict[str, Any]]:
        """The resources of a page that no earlier page had: pages shift while others write."""
        for resource in page.resources:
            key = (str(resource.get("resourceType")), str(resource.get("id")))
            if resource.get("id") is None or key not in self._seen:
                self._seen.add(key)
                yield resource


def _page(address: Address, request: Request) -> Interaction[Page]:
    response = yield request
    bundle = resource_of(request, response, expect="Bundle") or {}
    entries = objects_at(bundle, "entry")
    links = {text_at(link, "relation"): text_at(link, "url") for link in objects_at(bundle, "link")}
    total = bundle.get("total")
    issues = tuple(issue for entry in entries if _remark(entry) for issue in issues_of(entry.get("resource")))
    return Page(entries, _next(address, links), total if isinstance(total, int) else None, issues)


def _next(address: Address, links: Mapping[str, str]) -> str | None:
    if not links.get("next"):
        return None
    url = address.resolve(links["next"])
    if address.owns(url):
        return url
    raise ForeignHost(_why_foreign(address, url, links.get("self", "")), url=shown(url))


def _why_foreign(address: Address, url: str, itself: str) -> str:
    there = Origin.of(url)
    if itself and Origin.of(address.resolve(itself)) == there:
        return (
            f"the server at {address.base_url} calls itself {there} in its links, so its next page "
            f"cannot be asked for; tell the server its base URL is {address.base_url} (HAPI: "
            f"server_address; behind a proxy: X-Forwarded-*), or set base_url to its name for itself"
        )
    return f"a next page of {address.base_url} is said to be at {there}, which is another server"


def _remark(entry: Mapping[str, Any]) -> bool:
    mode = text_at(object_at(entry, "search"), "mode")
    kind = text_at(object_at(entry, "resource"), "resourceType")
    return mode == "outcome" or (not mode and kind == "OperationOutcome")
