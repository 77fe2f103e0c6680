"""Where a server says it put a resource: `[base]/Task/1/_history/2`, absolute, relative or not at all."""

import re
from dataclasses import dataclass

_PARTS = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9\-._~%]+)(?:/_history/([^/?#]+))?/?$")


@dataclass(frozen=True, slots=True)
class Location:
    """Type, id and version as far as a Location says them; read only, never followed."""

    type: str = ""
    id: str = ""
    version: str | None = None

    @classmethod
    def read(cls, text: str | None) -> "Location":
        """Take a Location header (or `entry.response.location`) apart; an unknown shape says nothing."""
        found = _PARTS.search(text or "")
        return cls(found[1], found[2], found[3]) if found else cls()
