"""How a server can be asked what changed, type by type, as far as it says.

Source: https://hl7.org/fhir/R4/capabilitystatement.html, https://hl7.org/fhir/R4/http.html#history
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fhircase.exchange.abilities import Abilities
from fhircase.exchange.pull import Query
from fhircase.fhir.lenient import objects_at, text_at

ALONG = {"Task": ("focus", "patient"), "ServiceRequest": ("patient",)}
"""References whose targets belong to a referral."""


class Way(StrEnum):
    """How changes of a type come to be known."""

    UPDATED = "_lastUpdated"
    """By the server's own clock: nothing is better."""
    HISTORY = "_history"
    """By the history of the type, which has the server's clock, too, and deletions besides."""
    MODIFIED = "modified"
    """By when the writer says it wrote; whoever writes without saying so is not heard."""
    ALL = "all"
    """By asking for everything that matches, and comparing."""
    HELD = "held"
    """By reading what we hold again, in turn."""


@dataclass(frozen=True, slots=True)
class Says:
    """What a server says of being asked, by type; of a type that is not there it says nothing."""

    parameters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    histories: frozenset[str] = frozenset()
    includes: Mapping[str, frozenset[str]] = field(default_factory=dict)


def says(statement: Mapping[str, Any]) -> Says:
    """Read a CapabilityStatement."""
    rests = objects_at(statement, "rest")
    everywhere = {text_at(each, "name") for rest in rests for each in objects_at(rest, "searchParam")}
    entries = {text_at(entry, "type"): entry for rest in rests for entry in objects_at(rest, "resource")}
    listed = {
        kind: {text_at(each, "name") for each in objects_at(entry, "searchParam")} for kind, entry in entries.items()
    }
    histories = {
        kind
        for kind, entry in entries.items()
        if any(text_at(each, "code") == "history-type" for each in objects_at(entry, "interaction"))
    }
    return Says(
        {kind: frozenset(names | everywhere) for kind, names in listed.items() if names},
        frozenset(histories),
        {kind: _texts(entry, "searchInclude") for kind, entry in entries.items()},
    )


def way(query: Query, can: Abilities, said: Says) -> Way | None:
    """How to ask; None where the server does not list `_lastUpdated`, so that it has to be found out."""
    if not can.can_search(query.type):
        return Way.HISTORY if query.type in said.histories and not query.criteria else Way.HELD
    listed = said.parameters.get(query.type)
    return Way.UPDATED if listed is None or Way.UPDATED in listed else None


def otherwise(query: Query, said: Says) -> Way:
    """How to ask a server that does not answer `_lastUpdated`.

    The history goes before `modified`: its clock is the server's. It knows no criteria, though.
    """
    if query.type in said.histories and not query.criteria:
        return Way.HISTORY
    if Way.MODIFIED in said.parameters.get(query.type, ()):
        return Way.MODIFIED
    return Way.ALL if query.addressed else Way.HELD


def along(query: Query, said: Says) -> str:
    """What to ask for together with what is addressed to us, where the server can: whom and what it is about."""
    can = said.includes.get(query.type, frozenset())
    wanted = [f"{query.type}:{name}" for name in ALONG.get(query.type, ())] if query.addressed else []
    return "".join(f"&_include={name}" for name in wanted if name in can)


def _texts(entry: Mapping[str, Any], name: str) -> frozenset[str]:
    values = entry.get(name)
    return frozenset(each for each in values if isinstance(each, str)) if isinstance(values, list) else frozenset()
