"""Where a FHIR server is, and the URLs under it. Rule: a URL shown to anybody has no query values."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

from fhircase.errors import ConfigError, InvalidInput, Problem

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what decides whether a URL is the same server."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def of(cls, url: str) -> "Origin":
        """Take the origin out of a URL, default ports filled in; nonsense gives an origin equal to none."""
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS.get(parts.scheme.lower())
        except ValueError:
            return cls("", "", None)
        return cls(parts.scheme.lower(), (parts.hostname or "").lower(), port)

    def __str__(self) -> str:
        default = self.port is None or self.port == _PORTS.get(self.scheme)
        return f"{self.scheme}://{self.host}" + ("" if default else f":{self.port}")


@dataclass(frozen=True, slots=True)
class Address:
    """The base URL of a FHIR server.

    Raises:
        ConfigError: it is no http(s) URL, or carries a user, password, query or fragment.
    """

    base_url: str

    def __post_init__(self) -> None:
        problem = _wrong_with(self.base_url)
        if problem:
            raise ConfigError(Problem(problem, path="base_url", hint="write it like https://host/fhir"))
        object.__setattr__(self, "base_url", self.base_url.rstrip("/"))

    @property
    def origin(self) -> Origin:
        """The only origin that requests may go to."""
        return Origin.of(self.base_url)

    def url(self, *segments: str, query: str = "") -> str:
        """Make the URL of a resource, type or operation under the base."""
        for segment in segments:
            if segment in ("", ".", ".."):
                raise InvalidInput(Problem("a resource type or id is missing", hint="give both, non-empty"))
        path = "/".join([self.base_url, *(quote(segment, safe="$") for segment in segments)])
        return f"{path}?{query}" if query else path

    def resolve(self, link: str) -> str:
        """Make a link absolute; relative ones are meant from the base URL."""
        return joined(self.base_url + "/", link)

    def owns(self, url: str) -> bool:
        """Whether a URL leads to this very server."""
        return Origin.of(url) == self.origin


def joined(base: str, link: str) -> str:
    """Make a link absolute; nonsense stays as it is, which is nobody's URL."""
    try:
        return urljoin(base, link)
    except ValueError:
        return link


def shown(url: str) -> str:
    """Write a URL for messages: path, and the names of its parameters without their values."""
    path, _, values = url.partition("?")
    names = dict.fromkeys(name for name, _ in parse_qsl(values, keep_blank_values=True))
    return f"{path}?{'&'.join(names)}" if names else path


def _wrong_with(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "not a URL"
    if parts.scheme not in _PORTS or not parts.hostname:
        return "not an http or https URL"
    if "@" in parts.netloc:
        return "a base URL must not carry a user or password (use auth=)"
    return "a base URL must not carry a query or fragment" if parts.query or parts.fragment else ""
