"""How far each record got with each server, in SQLite: a step decides, this finds and keeps."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from fhircase.ledger import moments, rows, steps
from fhircase.ledger.entries import Claim, Delivery, RecordKey, Resource, Traffic, Verdict
from fhircase.ledger.states import State
from fhircase.ledger.stores._sqlite_connection import ALL, unknown
from fhircase.ledger.stores._sqlite_records import Records


class Deliveries(Records):
    """Those methods of the port that are about deliveries."""

    def wish(self, server: str, keys: Iterable[RecordKey], *, now: datetime) -> int:
        newer = 0
        with self.unit():
            for key in keys:
                before, record, revision = self._of_known(server, key)
                newer += self._step(before, steps.wished(before, server, key, revision, now), record)
        return newer

    def pulled(self, server: str, keys: Iterable[RecordKey], *, now: datetime) -> None:
        with self.unit():
            for key in keys:
                before, record, revision = self._of_known(server, key)
                self._step(before, steps.pulled(before, server, key, revision, now), record)

    def release(self, server: str, keys: Iterable[RecordKey], *, now: datetime) -> int:
        freed = 0
        with self.unit():
            for before in self.deliveries(server, keys).values():
                freed += self._step(before, steps.released(before, now))
        return freed

    def park(self, server: str, key: RecordKey, verdict: Verdict, *, now: datetime) -> bool:
        with self.unit():
            before, record, revision = self._of_known(server, key)
            then = steps.parked(before, server, key, revision, verdict, now)
            return then is not None and self._step(before, then, record)

    def due(self, server: str, *, now: datetime, limit: int | None = None) -> list[Delivery]:
        which = {
            "server": server,
            "state": State.OWED,
            "now": moments.written(now),
            "limit": ALL if limit is None else limit,
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
                before, record, _ = self._found(claim.server, claim.key)
                if before and steps.holds(before, claim):
                    good += 1
                    self._step(before, steps.renewed(before, lease, now), record)
        return good

    def settle(self, claim: Claim, verdict: Verdict, *, now: datetime, resources: Iterable[Resource] = ()) -> bool:
        with self.unit():
            before, record, _ = self._found(claim.server, claim.key)
            if before is None or not steps.holds(before, claim):
                return False
            self._step(before, steps.settled(before, verdict, now), record)
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
        found = self._run("deliveries", (json.dumps(list(dict.fromkeys(keys))), server))
        return {each.key: each for each in map(rows.delivery, found)}

    def in_state(self, state: State, *, server: str | None = None, limit: int | None = None) -> list[Delivery]:
        which = {"state": state, "server": server, "limit": ALL if limit is None else limit}
        return [rows.delivery(row) for row in self._run("in_state", which)]

    def status(self) -> dict[str, dict[str, dict[str, int]]]:
        return rows.status(self._run("counts"), self._run("open_conflicts"))

    def traffic(self, since: datetime) -> dict[str, Traffic]:
        states = {"owed": State.OWED, "sending": State.SENDING, "agreed": State.AGREED}
        found = self._run("traffic", {**states, "moment": moments.written(since)})
        asked = [(row, {"server": row["server"], "agreed": State.AGREED}) for row in found]
        return {row["server"]: rows.traffic(row, self._run("trouble", which)) for row, which in asked}

    def _of_known(self, server: str, key: RecordKey) -> tuple[Delivery | None, int, int]:
        found = self._found(server, key)
        if not found[1]:
            raise unknown(key)
        return found

    def _found(self, server: str, key: RecordKey) -> tuple[Delivery | None, int, int]:
        """How far a record is, if it has to do with the server, its id and its revision; 0 if it is unknown."""
        for row in self._run("delivery", (server, *key)):
            return rows.delivery(row) if row["server"] else None, row["id"], row["revision"]
        return None, 0, 0

    def _step(self, before: Delivery | None, then: Delivery, record: int | None = None) -> bool:
        if then is before:
            return False
        record = self._identity(then.key)[0] if record is None else record
        self._run("keep_delivery", rows.delivery_row(then, record))
        return True
