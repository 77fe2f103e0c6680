"""Records and what they are on servers, in SQLite."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from fhircase.ledger import moments, rows
from fhircase.ledger.entries import Local, Record, RecordKey, Resource
from fhircase.ledger.states import State
from fhircase.ledger.stores._sqlite_connection import Connected


class Records(Connected):
    """Those methods of the port that are about records and resources."""

    def keep(self, key: RecordKey, current: bytes, *, now: datetime, local: Local | None = None) -> int:
        text, digest = (local.text, local.digest) if local else (None, None)
        with self.unit():
            self._run(
                "keep",
                {**key._asdict(), "current": current, "local": text, "digest": digest, "now": moments.written(now)},
            )
            return self._identity(key)[1]

    def records(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Record]:
        return {key: rows.record(row) for key in keys for row in self._run("record", key)}

    def digests(self, keys: Iterable[RecordKey]) -> dict[RecordKey, str]:
        return {rows.key(row): row["digest"] for row in self._run("digests", (json.dumps(list(keys)),))}

    def agreed(self, server: str, digests: Iterable[str]) -> frozenset[str]:
        which = {"server": server, "state": State.AGREED, "digests": json.dumps(list(digests))}
        return frozenset(row["digest"] for row in self._run("agreed", which))

    def revisions(self, keys: Iterable[RecordKey]) -> dict[RecordKey, int]:
        return {key: row["revision"] for key in keys for row in self._run("identity", key)}

    def counts(self, *, given: bool = False) -> dict[str, int]:
        return {row["kind"]: row["records"] for row in self._run("given_kinds" if given else "kinds")}

    def scan(self, kind: str | None = None) -> Iterator[Record]:
        after = 0
        while page := self._run("scan", {"after": after, "kind": kind}):
            yield from map(rows.record, page)
            after = page[-1]["id"]

    def resources(self, server: str, keys: Iterable[RecordKey]) -> dict[RecordKey, tuple[Resource, ...]]:
        several: dict[RecordKey, list[Resource]] = {}
        for row in self._run("resources", (json.dumps(list(dict.fromkeys(keys))), server)):
            each = rows.resource(row)
            several.setdefault(each.key, []).append(each)
        # Sorted here: SQLite would move all their texts about for it.
        return {key: tuple(sorted(each, key=attrgetter("role"))) for key, each in several.items()}

    def holders(self, server: str, references: Iterable[str]) -> dict[str, tuple[Resource, ...]]:
        several: dict[str, list[Resource]] = {}
        for row in self._run("holders", (json.dumps(list(dict.fromkeys(references))), server)):
            each = rows.resource(row)
            several.setdefault(each.reference, []).append(each)
        return {reference: tuple(sorted(each, key=attrgetter("key", "role"))) for reference, each in several.items()}

    def meant(self, server: str, references: Iterable[str]) -> dict[str, tuple[RecordKey, ...]]:
        several: dict[str, list[RecordKey]] = {}
        for row in self._run("meant", (json.dumps(list(dict.fromkeys(references))), server)):
            several.setdefault(row["reference"], []).append(rows.key(row))
        return {reference: tuple(sorted(keys)) for reference, keys in several.items()}

    def held(self, server: str, after: str = "", *, limit: int) -> list[str]:
        which = {"server": server, "after": after, "limit": limit}
        return [row["reference"] for row in self._run("held", which)]

    def keep_resources(self, resources: Iterable[Resource], *, now: datetime) -> None:
        with self.unit():
            for key, several in groupby(resources, key=attrgetter("key")):
                record, _ = self._identity(key)
                for resource in several:
                    self._run("keep_resource", rows.resource_row(resource, record, now))

    def drop_resource(self, server: str, key: RecordKey, role: str) -> None:
        with self.unit():
            self._run("drop_resource", {**key._asdict(), "server": server, "role": role})
