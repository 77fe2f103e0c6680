"""Records of inputs that wait until a person says go, in SQLite."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from fhircase.ledger import moments, rows
from fhircase.ledger.entries import Braked, RecordKey
from fhircase.ledger.stores._sqlite_connection import SQL, Connected


class Braking(Connected):
    """Those methods of the port that are about what waits for a person's go."""

    def put_by(self, items: Iterable[Braked], *, now: datetime) -> None:
        moment = moments.written(now)
        with self.unit():
            for item in items:
                self._run("put_by", {**_columns(item), "now": moment})

    def put_by_for(self, server: str, keys: Iterable[RecordKey] | None = None) -> Iterator[Braked]:
        if keys is not None:
            for key in keys:
                yield from map(rows.braked, self._run("put_by_one", (server, *key)))
            return
        after = 0
        while page := self._run("put_by_for", {"server": server, "after": after}):
            yield from map(rows.braked, page)
            after = page[-1]["id"]

    def drop_put_by(self, server: str, keys: Iterable[RecordKey] | None = None) -> int:
        with self.unit():
            if keys is None:
                return self._execute(SQL["drop_put_by"], (server,))[1]
            return sum(self._execute(SQL["drop_put_by_one"], (server, *key))[1] for key in keys)

    def count_put_by(self) -> dict[str, int]:
        return {row["server"]: row["records"] for row in self._run("count_put_by")}


def _columns(item: Braked) -> dict[str, Any]:
    return {**item.key._asdict(), "server": item.server, "text": item.text, "seen": item.seen, "base": item.base}
