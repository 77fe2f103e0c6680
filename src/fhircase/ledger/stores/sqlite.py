"""A ledger in one SQLite file: no server to install, safe for many processes of one machine."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Self

from fhircase.errors import LedgerError
from fhircase.ledger import moments, rows, steps
from fhircase.ledger.entries import (
    Change,
    Claim,
    Delivery,
    Local,
    Missing,
    Record,
    RecordKey,
    Remap,
    Resource,
    Unread,
    Verdict,
)
from fhircase.ledger.states import State
from fhircase.ledger.stores import _queries as queries
from fhircase.ledger.stores import _sqlite_file as sqlite_file

SCHEME = "sqlite"

_SQL = queries.load(__package__, "sqlite.sql")
_ALL = -1  # SQLite's word for no limit


def open_store(location: str, *, create: bool = True) -> "SQLiteLedger":
    """Open the ledger in this file."""
    path = location.removeprefix(f"{SCHEME}://")
    return SQLiteLedger(sqlite_file.connect(path, _SQL, create=create), path)


class SQLiteLedger:
    """The ledger port on one SQLite connection; the port says what each method is for."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self._path = path
        self._depth = 0
        self._doomed = False

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @contextmanager
    def unit(self) -> Iterator[None]:
        if self._depth:
            yield from self._inner_unit()
            return
        # IMMEDIATE: what is read inside is still so when it is written.
        self._execute("BEGIN IMMEDIATE")
        self._depth, self._doomed = 1, False
        try:
            yield
            if self._doomed:
                raise LedgerError("a part of this unit failed, so nothing of it was kept")
            self._execute("COMMIT")
        finally:
            self._depth = 0
            if self._connection.in_transaction:
                self._execute("ROLLBACK")

    def _inner_unit(self) -> Iterator[None]:
        self._depth += 1
        try:
            yield
        except BaseException:
            self._doomed = True
            raise
        finally:
            self._depth -= 1

    # -- records ------------------------------------------------------------------------------------

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
        return {key: row["digest"] for key in keys for row in self._run("digest", key)}

    def scan(self, kind: str | None = None) -> Iterator[Record]:
        after = 0
        while page := self._run("scan", {"after": after, "kind": kind}):
            yield from map(rows.record, page)
            after = page[-1]["id"]

    # -- resources ----------------------------------------------------------------------------------

    def resources(self, server: str, keys: Iterable[RecordKey]) -> dict[RecordKey, tuple[Resource, ...]]:
        found = ((key, self._run("resources", (server, *key))) for key in keys)
        return {key: tuple(map(rows.resource, several)) for key, several in found if several}

    def holders(self, server: str, references: Iterable[str]) -> dict[str, tuple[Resource, ...]]:
        found = ((reference, self._run("holders", (server, reference))) for reference in references)
        return {reference: tuple(map(rows.resource, several)) for reference, several in found if several}

    def keep_resources(self, resources: Iterable[Resource], *, now: datetime) -> None:
        with self.unit():
            for resource in resources:
                record, _ = self._identity(resource.key)
                self._run("keep_resource", rows.resource_row(resource, record, now))

    def drop_resource(self, server: str, key: RecordKey, role: str) -> None:
        with self.unit():
            self._run("drop_resource", {**key._asdict(), "server": server, "role": role})

    # -- deliveries ---------------------------------------------------------------------------------

    def wish(self, server: str, keys: Iterable[RecordKey], *, now: datetime) -> int:
        newer = 0
        with self.unit():
            for key in keys:
                before, record, revision = self._found(server, key)
                newer += self._step(before, steps.wished(before, server, key, revision, now), record)
        return newer

    def pulled(self, server: str, keys: Iterable[RecordKey], *, now: datetime) -> None:
        with self.unit():
            for key in keys:
                before, record, revision = self._found(server, key)
                self._step(before, steps.pulled(before, server, key, revision, now), record)

    def release(self, server: str, keys: Iterable[RecordKey], *, now: datetime) -> int:
        freed = 0
        with self.unit():
            for before in self.deliveries(server, keys).values():
                freed += self._step(before, steps.released(before, now))
        return freed

    def park(self, server: str, key: RecordKey, verdict: Verdict, *, now: datetime) -> bool:
        with self.unit():
            before, record, revision = self._found(server, key)
            then = steps.parked(before, server, key, revision, verdict, now)
            return then is not None and self._step(before, then, record)

    def due(self, server: str, *, now: datetime, limit: int | None = None) -> list[Delivery]:
        which = {
            "server": server,
            "state": State.OWED,
            "now": moments.written(now),
            "limit": _ALL if limit is None else limit,
        }
        return [rows.delivery(row) for row in self._run("due", which)]

    def claim(
        self,
        server: str,
        *,
        owner: str,
        limit: int,
        lease: timedelta,
        now: datetime,
        only: Iterable[RecordKey] | None = None,
    ) -> list[Claim]:
        with self.unit():
            if only is None:
                ready = self.due(server, now=now, limit=limit)
            else:
                named = self.deliveries(server, only).values()
                ready = [delivery for delivery in named if steps.due(delivery, now)][:limit]
            return [self._claim(delivery, owner, now + lease, now) for delivery in ready]

    def _claim(self, before: Delivery, owner: str, until: datetime, now: datetime) -> Claim:
        [row] = self._run("record", before.key)
        record = rows.record(row)
        sending = steps.claimed(before, record.revision, owner, until, now)
        self._step(before, sending, row["id"])
        return Claim(before.server, record, owner, sending.fence, sending.attempts, sending.unsure)

    def renew(self, claims: Iterable[Claim], *, lease: timedelta, now: datetime) -> int:
        good = 0
        with self.unit():
            for claim in claims:
                before = self._delivery(claim.server, claim.key)
                if before and steps.holds(before, claim):
                    good += self._step(before, steps.renewed(before, now + lease, now))
        return good

    def settle(self, claim: Claim, verdict: Verdict, *, now: datetime, resources: Iterable[Resource] = ()) -> bool:
        with self.unit():
            before = self._delivery(claim.server, claim.key)
            if before is None or not steps.holds(before, claim):
                return False
            self._step(before, steps.settled(before, verdict, now))
            self.keep_resources(resources, now=now)
            return True

    def rescue(self, *, now: datetime, dead: Iterable[str] = ()) -> int:
        gone, saved = frozenset(dead), 0
        with self.unit():
            for before in self.in_state(State.SENDING):
                if before.owner in gone or (before.lease_until and before.lease_until <= now):
                    saved += self._step(before, steps.rescued(before, now))
        return saved

    def owners(self) -> frozenset[str]:
        return frozenset(row["owner"] for row in self._run("owners", (State.SENDING,)))

    def deliveries(self, server: str, keys: Iterable[RecordKey]) -> dict[RecordKey, Delivery]:
        found = ((key, self._delivery(server, key)) for key in keys)
        return {key: delivery for key, delivery in found if delivery}

    def in_state(self, state: State, *, server: str | None = None, limit: int | None = None) -> list[Delivery]:
        which = {"state": state, "server": server, "limit": _ALL if limit is None else limit}
        return [rows.delivery(row) for row in self._run("in_state", which)]

    def status(self) -> dict[str, dict[str, dict[str, int]]]:
        return rows.status(self._run("counts"))

    def _found(self, server: str, key: RecordKey) -> tuple[Delivery | None, int, int]:
        return self._delivery(server, key), *self._identity(key)

    def _delivery(self, server: str, key: RecordKey) -> Delivery | None:
        return next(map(rows.delivery, self._run("delivery", (server, *key))), None)

    def _step(self, before: Delivery | None, then: Delivery, record: int | None = None) -> bool:
        if then is before:
            return False
        record = self._identity(then.key)[0] if record is None else record
        self._run("keep_delivery", rows.delivery_row(then, record))
        return True

    # -- what else a server needs remembered --------------------------------------------------------

    def cursor(self, server: str, name: str) -> str | None:
        return next((row["position"] for row in self._run("cursor", (server, name))), None)

    def move_cursor(self, server: str, name: str, position: str, *, now: datetime) -> None:
        with self.unit():
            self._run(
                "move_cursor", {"server": server, "name": name, "position": position, "now": moments.written(now)}
            )

    def links(self, server: str, names: Iterable[str]) -> dict[str, str]:
        return {name: row["reference"] for name in names for row in self._run("links", (server, name))}

    def named(self, server: str, references: Iterable[str]) -> dict[str, tuple[str, ...]]:
        found = ((reference, self._run("named", (server, reference))) for reference in references)
        return {reference: tuple(row["name"] for row in several) for reference, several in found if several}

    def link(self, server: str, name: str, reference: str, *, now: datetime) -> None:
        with self.unit():
            self._run("link", {"server": server, "name": name, "reference": reference, "now": moments.written(now)})

    def unlink(self, server: str, names: Iterable[str]) -> None:
        with self.unit():
            for name in names:
                self._run("unlink", (server, name))

    # -- what a mapping could not read, and what a change of it has written -------------------------------

    def keep_unread(self, unread: Unread, *, now: datetime) -> None:
        moment = moments.written(now)
        with self.unit():
            values = {**unread.key._asdict(), "server": unread.server, "mapping": unread.mapping}
            self._run("keep_unread", {**values, "resources": unread.text, "now": moment})
            [row] = self._run("unread_identity", (unread.server, *unread.key))
            known = [(code.table, code.code, code.place) for code in unread.codes]
            for old in self._run("unknown_codes", (row["id"],)):
                if (gone := (old["code_table"], old["code"], old["place"])) not in known:
                    self._run("drop_unknown_code", (row["id"], *gone))
            for code, (table, word, place) in zip(unread.codes, known, strict=True):
                named = {"unread": row["id"], "code_table": table, "code": word, "place": place}
                self._run("keep_unknown_code", {**named, "times": code.times, "now": moment})

    def unread(self, server: str) -> list[Unread]:
        with self.unit():
            found = self._run("unread", (server,))
            return [rows.unread(row, self._run("unknown_codes", (row["id"],))) for row in found]

    def drop_unread(self, server: str, keys: Iterable[RecordKey]) -> None:
        with self.unit():
            for key in keys:
                self._run("drop_unread", (server, *key))

    def missing(self) -> list[Missing]:
        with self.unit():
            return [rows.missing(row, self._run("waiting_for", dict(row))) for row in self._run("missing")]

    def keep_remap(self, remap: Remap, *, now: datetime) -> None:
        with self.unit():
            record, _ = self._identity(remap.key)
            values = {"server": remap.server, "record": record, "mapping": remap.mapping, "text": remap.text}
            self._run("keep_remap", {**values, "now": moments.written(now)})

    def remaps(self, server: str) -> list[Remap]:
        return [rows.remap(row) for row in self._run("remaps", (server,))]

    def drop_remap(self, server: str, key: RecordKey) -> None:
        with self.unit():
            self._run("drop_remap", {**key._asdict(), "server": server})

    # -- news for the local system ------------------------------------------------------------------

    def announce(self, change: Change) -> bool:
        with self.unit():
            row = rows.change_row(change, self._identity(change.key)[0])
            _, added = self._execute(_SQL["announce"], row)
            return added == 1

    def changes(self, after: int = 0, *, limit: int | None = None) -> list[Change]:
        which = {"after": after, "limit": _ALL if limit is None else limit}
        return [rows.change(row) for row in self._run("changes", which)]

    # -- SQLite -------------------------------------------------------------------------------------

    def _identity(self, key: RecordKey) -> tuple[int, int]:
        for row in self._run("identity", key):
            return row["id"], row["revision"]
        raise LedgerError(f"the ledger holds no {key.kind} {key.value} of {key.namespace}; keep it first")

    def _run(self, query: str, values: Any = ()) -> list[sqlite3.Row]:
        return self._execute(_SQL[query], values)[0]

    def _execute(self, sql: str, values: Any = ()) -> tuple[list[sqlite3.Row], int]:
        try:
            cursor = self._connection.execute(sql, values)
            return cursor.fetchall(), cursor.rowcount
        except sqlite3.Error as error:
            raise sqlite_file.trouble(self._path, error) from error
