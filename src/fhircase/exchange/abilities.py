"""What a server says it can do with a type of resource, as far as the exchange depends on it.

Source: https://hl7.org/fhir/R4/capabilitystatement.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from fhircase.fhir.lenient import objects_at, text_at


class Delivery(StrEnum):
    """How records are brought to a server."""

    TRANSACTION = "transaction"
    """Many resources in one request, all or none."""
    BATCH = "batch"
    """Many in one request, each for itself; what is referred to goes a request earlier."""
    SINGLE = "single"
    """One request for each."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """Which types can be searched, and which by identifier; None where the server does not say."""

    searched: frozenset[str] | None = None
    identified: frozenset[str] | None = None
    guarded: frozenset[str] | None = None
    delivery: Delivery = Delivery.TRANSACTION
    conditional: bool = True
    """Whether it heeds `ifNoneExist`, as far as a probe has not found otherwise."""
    preconditions: bool = True
    """Whether it heeds `ifMatch`, as far as a probe has not found otherwise."""

    created: frozenset[str] | None = None
    """Types of which it says that they can be created."""

    def lacking(self, types: Iterable[str]) -> list[str]:
        """Which of these types can in no way be brought there."""
        return [] if self.created is None else sorted(set(types) - self.created)

    def can_search(self, type: str) -> bool:
        """Whether changes of this type can be asked for."""
        return self.searched is None or type in self.searched

    def can_find(self, type: str) -> bool:
        """Whether a resource of this type can be found by an identifier."""
        return self.identified is None or type in self.identified

    def can_guard(self, type: str) -> bool:
        """Whether a create of this type can be made conditional on an identifier."""
        return self.conditional and self.can_find(type) and (self.guarded is None or type in self.guarded)


def abilities(statement: Mapping[str, Any], probed: Mapping[str, Any] | None = None) -> Abilities:
    """Read a CapabilityStatement, and what a probe found, which counts more; what both leave open is possible."""
    found = probed or {}
    return replace(
        _said(statement),
        delivery=_delivery(statement, found),
        conditional=found.get("conditional") is not False and found.get("conditional_in_transaction") is not False,
        preconditions=found.get("preconditions") is not False,
    )


def _delivery(statement: Mapping[str, Any], probed: Mapping[str, Any]) -> Delivery:
    said = {text_at(each, "code") for rest in objects_at(statement, "rest") for each in objects_at(rest, "interaction")}
    for way in (Delivery.TRANSACTION, Delivery.BATCH):
        if probed.get(str(way), not said or str(way) in said):
            return way
    return Delivery.SINGLE


def _said(statement: Mapping[str, Any]) -> Abilities:
    entries = [entry for rest in objects_at(statement, "rest") for entry in objects_at(rest, "resource")]
    if not entries:
        return Abilities()
    searched = {text_at(entry, "type") for entry in entries if _allows(entry)}
    identified = {text_at(entry, "type") for entry in entries if text_at(entry, "type") in searched and _finds(entry)}
    guarded = {text_at(entry, "type") for entry in entries if entry.get("conditionalCreate") is not False}
    created = {text_at(entry, "type") for entry in entries if _allows(entry, "create")}
    return Abilities(frozenset(searched), frozenset(identified), frozenset(guarded), created=frozenset(created))


def _allows(entry: Mapping[str, Any], what: str = "search-type") -> bool:
    said = [text_at(interaction, "code") for interaction in objects_at(entry, "interaction")]
    return not said or what in said


def _finds(entry: Mapping[str, Any]) -> bool:
    said = [text_at(parameter, "name") for parameter in objects_at(entry, "searchParam")]
    return not said or "identifier" in said
