"""Resources on disk, by all the ways a Reference can name them: for more of them than memory should hold.

They are in a file that SQLite makes for the time being and deletes; a few of them never reach the disk. What is loaded
for one record stays the same object until `forget`.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any, Self

from fhircase.fhir import jsontext
from fhircase.fhir.jsontext import Json
from fhircase.mapping.index import Index, identifier_names, unversioned

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -16000;
CREATE TABLE resource (place INTEGER PRIMARY KEY, kind TEXT NOT NULL, source TEXT NOT NULL, text BLOB NOT NULL);
CREATE TABLE name (name TEXT NOT NULL, place INTEGER NOT NULL);
CREATE TABLE referring (kind TEXT NOT NULL, element TEXT NOT NULL, name TEXT NOT NULL, place INTEGER NOT NULL);
"""
# Made when all are there: that is quicker than keeping them up to date.
_INDEXES = """
CREATE INDEX resource_by_kind ON resource (kind, place);
CREATE INDEX place_by_name ON name (name, place);
CREATE INDEX name_by_place ON name (place, name);
CREATE INDEX referring_by_name ON referring (kind, element, name, place);
"""
_BATCH = 1000


class StoredIndex(Index):
    """As `Index`; first every resource is kept, then they are found."""

    def __init__(self, server: str = "") -> None:
        super().__init__((), server)
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_TABLES)
        self._waiting: list[tuple[int, str, str, bytes]] = []
        self._names: list[tuple[str, int]] = []
        self._loaded: dict[int, Json] = {}
        self._indexed: set[tuple[str, str]] | None = None
        """The elements of which it is known who refers by them; None before all are there."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def keep(self, resource: Json, url: str = "", source: str = "") -> None:
        """Take a resource in, with the full URL it has in a Bundle, and file and line."""
        place = self.count
        self.count += 1
        self._waiting.append((place, str(resource.get("resourceType", "")), source, jsontext.encode(resource)))
        self._names += [(_reference(name), place) for name in self.names(resource, url)]
        self._names += [(_identifier(name), place) for name in identifier_names(resource)]
        if len(self._waiting) >= _BATCH:
            self._write()

    def _write(self) -> None:
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO resource VALUES (?, ?, ?, ?)", self._waiting)
        self._db.executemany("INSERT INTO name VALUES (?, ?)", self._names)
        self._db.execute("COMMIT")
        self._waiting.clear()
        self._names.clear()

    def _ready(self) -> set[tuple[str, str]]:
        if self._indexed is None:
            self._write()
            self._db.executescript(_INDEXES)
            self._indexed = set()
        return self._indexed

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        self._ready()
        with closing(self._db.execute(query, values)) as rows:
            return rows.fetchall()

    def forget(self) -> None:
        """Let go of what was loaded."""
        self._loaded.clear()
        self._places.clear()

    def at(self, place: int) -> Json:
        """The resource before which so many came."""
        if place not in self._loaded:
            ((text,),) = self._rows("SELECT text FROM resource WHERE place = ?", place)
            resource: Json = jsontext.decode(text)
            self._loaded[place] = resource
            self._places[id(resource)] = place
        return self._loaded[place]

    def source(self, resource: Json) -> str:
        """File and line that a loaded resource came from."""
        ((source,),) = self._rows("SELECT source FROM resource WHERE place = ?", self._places[id(resource)])
        return str(source)

    def places_of(self, kind: str) -> Iterator[int]:
        """The places of all resources of a type, in order."""
        last = -1
        while rows := self._rows(
            f"SELECT place FROM resource WHERE kind = ? AND place > ? ORDER BY place LIMIT {_BATCH}",  # noqa: S608
            kind,
            last,
        ):
            yield from (place for (place,) in rows)
            last = rows[-1][0]

    def referring(self, kind: str, element: str, target: Json) -> list[Json]:
        """The resources of a type whose element refers to a resource, in order."""
        if (kind, element) not in self._ready():
            self._index(kind, element)
        place = self._places.get(id(target))
        if place is None:
            return []
        rows = self._rows(
            "SELECT DISTINCT referring.place FROM name JOIN referring USING (name)"
            " WHERE name.place = ? AND referring.kind = ? AND referring.element = ? ORDER BY referring.place",
            place,
            kind,
            element,
        )
        found = [self.at(at) for (at,) in rows]
        return [resource for resource in found if self.find(resource.get(element), resource) is target]

    def _index(self, kind: str, element: str) -> None:
        """Learn who refers to whom by an element."""
        self._ready().add((kind, element))
        self._db.execute("BEGIN")
        for place in self.places_of(kind):
            ((text,),) = self._rows("SELECT text FROM resource WHERE place = ?", place)
            names = _referred(jsontext.decode(text).get(element))
            rows = [(kind, element, name, place) for name in names]
            self._db.executemany("INSERT INTO referring VALUES (?, ?, ?, ?)", rows)
        self._db.execute("COMMIT")

    def _named(self, name: str) -> Json | None:
        return self._first(_reference(name))

    def identified(self, kind: str, system: str, value: str) -> Json | None:
        """The resource of a type that has a business identifier, or None."""
        return self._first(_identifier((kind, system, value)))

    def _first(self, name: str) -> Json | None:
        rows = self._rows("SELECT place FROM name WHERE name = ? ORDER BY place LIMIT 1", name)
        return self.at(rows[0][0]) if rows else None


def _reference(text: str) -> str:
    return f"@{text}"


def _identifier(name: tuple[str, str, str]) -> str:
    return "\n".join(name)


def _referred(reference: Any) -> Iterable[str]:
    """The names by which a Reference may lead somewhere."""
    if not isinstance(reference, dict):
        return ()
    text, identifier, kind = reference.get("reference"), reference.get("identifier"), reference.get("type")
    if isinstance(text, str):
        return {_reference(text), _reference(unversioned(text))}
    if isinstance(identifier, dict) and isinstance(kind, str):
        return (_identifier((kind, str(identifier.get("system")), str(identifier.get("value")))),)
    return ()
