"""Which resource a Reference means, among the resources at hand.

Source: https://hl7.org/fhir/R4/references.html, https://hl7.org/fhir/R4/bundle.html#references
"""

from collections.abc import Iterable, Iterator
from typing import Any

from fhircase.fhir.jsontext import Json


class Index:
    """Resources by all the ways a Reference can name them."""

    def __init__(self, entries: Iterable[tuple[str, Json]] = (), server: str = "") -> None:
        self._base = f"{server.rstrip('/')}/" if server else ""
        """Base URL of the server that holds them, which absolute references begin with."""
        self.count = 0
        """How many there are."""
        self._all: list[Json] = []
        self._by_reference: dict[str, Json] = {}
        self._by_identifier: dict[tuple[str, str, str], Json] = {}
        self._by_kind: dict[str, list[int]] = {}
        self._places: dict[int, int] = {}
        self._referring: dict[tuple[str, str], dict[int, list[Json]]] = {}
        for url, resource in entries:
            self.add(resource, url)

    def add(self, resource: Json, url: str = "") -> None:
        """Make a resource findable, also by the full URL it has in a Bundle; one that is given twice is there once."""
        if id(resource) in self._places:
            return
        self._by_kind.setdefault(resource.get("resourceType", ""), []).append(self.count)
        self._places[id(resource)] = self.count
        self._all.append(resource)
        self.count += 1
        self._referring.clear()
        for name in self.names(resource, url):
            self._by_reference.setdefault(name, resource)
        if "identifier" in resource:
            for identifier in identifier_names(resource):
                self._by_identifier.setdefault(identifier, resource)

    def names(self, resource: Json, url: str = "") -> list[str]:
        """All that a Reference may call it."""
        kind, id_ = resource.get("resourceType", ""), resource.get("id")
        names = [url] if url else []
        if isinstance(id_, str):
            names += [f"{kind}/{id_}", f"urn:uuid:{id_}"]
            if self._base:
                names.append(f"{self._base}{kind}/{id_}")
        return names

    def at(self, place: int) -> Json:
        """The resource before which so many came."""
        return self._all[place]

    def places_of(self, kind: str) -> Iterable[int]:
        """The places of all resources of a type, in order."""
        return self._by_kind.get(kind, ())

    def forget(self) -> None:
        """Let go of what was loaded: here nothing is."""

    def place(self, resource: Json) -> int | None:
        """How many resources came before this one, or None for one that is not at hand by itself."""
        return self._places.get(id(resource))

    def referring(self, kind: str, element: str, target: Json) -> list[Json]:
        """The resources of a type whose element refers to a resource, in order."""
        links = self._referring.get((kind, element))
        if links is None:
            links = self._referring[kind, element] = {}
            for resource in map(self.at, self.places_of(kind)):
                found = self.find(resource.get(element), resource)
                if found is not None:
                    links.setdefault(id(found), []).append(resource)
        return links.get(id(target), [])

    def relinked(self) -> None:
        """Forget who refers to whom: a reference was changed."""
        self._referring.clear()

    def identified(self, kind: str, system: str, value: str) -> Json | None:
        """The resource of a type that has a business identifier, or None."""
        return self._by_identifier.get((kind, system, value))

    def find(self, reference: Any, around: Json | None) -> Json | None:
        """The resource that a Reference means, or None.

        Args:
            reference: the Reference (its `reference`, or without one its `identifier`).
            around: the resource it stands in, for references to contained resources.
        """
        if not isinstance(reference, dict):
            return None
        text = reference.get("reference")
        if not isinstance(text, str):
            return self._logical(reference)
        if text.startswith("#"):
            return _contained(text[1:], around)
        return self._named(text) or self._named(unversioned(text))

    def _named(self, name: str) -> Json | None:
        return self._by_reference.get(name)

    def _logical(self, reference: Json) -> Json | None:
        identifier, kind = reference.get("identifier"), reference.get("type")
        if not isinstance(identifier, dict) or not isinstance(kind, str):
            return None
        return self.identified(kind, str(identifier.get("system")), str(identifier.get("value")))


def _contained(id_: str, around: Json | None) -> Json | None:
    inside = around.get("contained") if around else None
    for resource in inside if isinstance(inside, list) else ():
        if isinstance(resource, dict) and resource.get("id") == id_:
            return resource
    return None


def identifier_names(resource: Json) -> Iterator[tuple[str, str, str]]:
    """The business identifiers of a resource, each with its type."""
    identifiers = resource.get("identifier")
    for identifier in identifiers if isinstance(identifiers, list) else [identifiers]:
        if isinstance(identifier, dict) and identifier.get("system") and identifier.get("value"):
            yield resource.get("resourceType", ""), str(identifier["system"]), str(identifier["value"])


def unversioned(reference: str) -> str:
    """A reference to whatever version there is."""
    return reference.partition("/_history/")[0]
