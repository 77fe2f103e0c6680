"""What our side and a server say differently, in SQLite."""

from collections.abc import Iterable
from datetime import datetime

from fhircase.ledger import moments, rows
from fhircase.ledger.entries import Conflict, Outcome, RecordKey
from fhircase.ledger.stores._sqlite_connection import SQL, Connected


class Conflicts(Connected):
    """Those methods of the port that are about conflicts."""

    def keep_conflict(self, conflict: Conflict, *, now: datetime) -> bool:
        with self.unit():
            row = rows.conflict_row(conflict, self._identity(conflict.key)[0], now)
            _, changed = self._execute(SQL["keep_conflict"], row)
            return changed == 1

    def conflicts(self, server: str | None = None, keys: Iterable[RecordKey] | None = None) -> list[Conflict]:
        if keys is None:
            return [rows.conflict(row) for row in self._run("conflicts", {"server": server})]
        named = ({"server": server, **key._asdict()} for key in keys)
        return [rows.conflict(row) for each in named for row in self._run("conflicts_of", each)]

    def conflict(self, id_: str) -> Conflict | None:
        return next((rows.conflict(row) for row in self._run("conflict", (id_,))), None)

    def end_conflict(self, id_: str, outcome: Outcome, *, now: datetime) -> bool:
        with self.unit():
            which = {"id": id_, "outcome": str(outcome), "now": moments.written(now)}
            _, changed = self._execute(SQL["end_conflict"], which)
            return changed == 1
