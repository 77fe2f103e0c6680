"""What else a server needs remembered, and the feed for the local system, in SQLite."""

from collections.abc import Iterable
from datetime import datetime

from fhircase.ledger import moments, rows
from fhircase.ledger.entries import Change, Missing, RecordKey, Remap, Unread
from fhircase.ledger.stores._sqlite_connection import ALL, SQL, Connected


class Memory(Connected):
    """Those methods of the port that are about cursors, names, what is unread, remaps and news."""

    def cursor(self, server: str, name: str) -> str | None:
        return next((row["position"] for row in self._run("cursor", (server, name))), None)

    def move_cursor(self, server: str, name: str, position: str, *, now: datetime) -> None:
        with self.unit():
            self._run(
                "move_cursor", {"server": server, "name": name, "position": position, "now": moments.written(now)}
            )

    def facts(self, server: str) -> dict[str, str]:
        return {row["name"]: row["value"] for row in self._run("facts", (server,))}

    def keep_fact(self, server: str, name: str, value: str, *, now: datetime) -> None:
        with self.unit():
            self._run("keep_fact", {"server": server, "name": name, "value": value, "now": moments.written(now)})

    def drop_fact(self, server: str, name: str) -> None:
        with self.unit():
            self._run("drop_fact", (server, name))

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

    def announce(self, change: Change) -> bool:
        with self.unit():
            row = rows.change_row(change, self._identity(change.key)[0])
            _, added = self._execute(SQL["announce"], row)
            return added == 1

    def changes(self, after: int = 0, *, limit: int | None = None, key: RecordKey | None = None) -> list[Change]:
        which = {"after": after, "limit": ALL if limit is None else limit}
        of = {} if key is None else key._asdict()
        return [rows.change(row) for row in self._run("changes_of" if of else "changes", which | of)]

    def drop_texts(self, until: int) -> int:
        with self.unit():
            return self._execute(SQL["drop_texts"], (until,))[1]
