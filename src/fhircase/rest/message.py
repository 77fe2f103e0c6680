"""What goes over the wire, as values: a request, a response, and the conversation made of them."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, ready to send. Its repr shows neither query, headers nor body."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    repeatable: bool = False
    """Whether sending it twice does what sending it once does, even if the first answer was lost."""
    wait: float = 0.0
    """Seconds to wait before sending."""

    def with_header(self, name: str, value: str) -> "Request":
        """Copy with one more header."""
        return replace(self, headers={**self.headers, name: value})


@dataclass(frozen=True, slots=True)
class Response:
    """One whole HTTP answer. Header names are lower case; its repr shows the status only."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], body: bytes) -> "Response":
        """Build from what an HTTP library gives, whatever the case of its header names."""
        return cls(status, {name.lower(): value for name, value in headers.items()}, body)


Interaction: TypeAlias = Generator[Request, Response, T]
"""Yields requests, is sent responses (or thrown a ServerError where none came), returns a value."""
