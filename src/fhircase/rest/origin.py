"""The guard: no request leaves the configured server, whatever a link, a redirect or a layer says."""

from dataclasses import replace

from fhircase.errors import ForeignHost
from fhircase.rest.address import Address, Origin, joined, shown
from fhircase.rest.layer import Layer
from fhircase.rest.message import Interaction, Request, Response

_REDIRECTS = 5


def guard(address: Address) -> Layer:
    """Make the layer that lets only requests to the server's own origin pass, redirects included.

    A redirect within the server is followed where that cannot turn a write into something else.

    Raises:
        ForeignHost: a request or a redirect leads elsewhere.
    """

    def layer(request: Request) -> Interaction[Response]:
        for _ in range(_REDIRECTS):
            _check(address, request.url, "a request")
            response = yield request
            target = _target(request, response)
            if target is None:
                break
            _check(address, target, "a redirect")
            request = replace(request, url=target, wait=0.0)
        return response

    return layer


def _target(request: Request, response: Response) -> str | None:
    follow = response.status in (307, 308) or (response.status in (301, 302, 303) and request.method == "GET")
    location = response.headers.get("location")
    return joined(request.url, location) if follow and location else None


def _check(address: Address, url: str, what: str) -> None:
    if not address.owns(url):
        there = Origin.of(url)
        same = there.host == address.origin.host
        hint = f"; if that is the server, set base_url to {there}" if same else ""
        raise ForeignHost(f"{what} would leave {address.base_url} for {there}{hint}", url=shown(url))
