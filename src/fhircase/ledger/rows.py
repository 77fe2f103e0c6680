"""Ledger values to and from the rows of a SQL store, column by column under the same names."""

import json
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, Protocol

from fhircase.errors import Problem
from fhircase.ledger import moments
from fhircase.ledger.entries import (
    Braked,
    Change,
    Conflict,
    Delivery,
    Local,
    Missing,
    Outcome,
    Record,
    RecordKey,
    Remap,
    Resource,
    Traffic,
    UnknownCode,
    Unread,
)
from fhircase.ledger.states import State


class Row(Protocol):
    """A row that answers by column name, whichever library read it."""

    def __getitem__(self, name: str, /) -> Any: ...


def key(row: Row) -> RecordKey:
    """Read which record a row is about."""
    return RecordKey(row["kind"], row["namespace"], row["value"])


def record(row: Row) -> Record:
    """Read a record."""
    local = None if row["local"] is None else Local(row["local"], row["digest"])
    return Record(key(row), row["current"], row["revision"], local)


def resource(row: Row) -> Resource:
    """Read a resource."""
    return Resource(
        row["server"],
        key(row),
        row["role"],
        row["reference"],
        row["etag"],
        row["agreed"],
        row["mapping"],
        bool(row["linked"]),
    )


def delivery(row: Row) -> Delivery:
    """Read a delivery."""
    return Delivery(
        server=row["server"],
        key=key(row),
        state=State(row["state"]),
        since=moments.read(row["since"]),
        updated=moments.read(row["updated"]),
        wanted=row["wanted"],
        sent=row["sent"],
        attempts=row["attempts"],
        fence=row["fence"],
        unsure=bool(row["unsure"]),
        not_before=_moment(row["not_before"]),
        lease_until=_moment(row["lease_until"]),
        owner=row["owner"],
        code=row["code"],
        reason=row["reason"],
        problems=_problems(row["problems"]),
    )


def delivery_row(delivery: Delivery, record: int) -> dict[str, Any]:
    """Write a delivery."""
    return {
        "server": delivery.server,
        "record": record,
        "state": str(delivery.state),
        "since": moments.written(delivery.since),
        "updated": moments.written(delivery.updated),
        "wanted": delivery.wanted,
        "sent": delivery.sent,
        "attempts": delivery.attempts,
        "fence": delivery.fence,
        "unsure": int(delivery.unsure),
        "not_before": _text(delivery.not_before),
        "lease_until": _text(delivery.lease_until),
        "owner": delivery.owner,
        "code": delivery.code,
        "reason": delivery.reason,
        "problems": json.dumps([_problem(problem) for problem in delivery.problems], ensure_ascii=False)
        if delivery.problems
        else "[]",
    }


def resource_row(resource: Resource, record: int, now: datetime) -> dict[str, Any]:
    """Write a resource."""
    return {
        "server": resource.server,
        "record": record,
        "role": resource.role,
        "reference": resource.reference,
        "etag": resource.etag,
        "agreed": resource.agreed,
        "mapping": resource.mapping,
        "linked": int(resource.linked),
        "now": moments.written(now),
    }


def unread(row: Row, codes: Iterable[Row]) -> Unread:
    """Read what could not be read, with its codes."""
    known = (UnknownCode(code["code_table"], code["code"], code["place"], code["times"]) for code in codes)
    return Unread(row["server"], key(row), row["mapping"], row["resources"], tuple(known))


def missing(row: Row, examples: Iterable[Row]) -> Missing:
    """Read a row that a code table lacks."""
    return Missing(
        row["server"],
        row["code_table"],
        row["code"],
        row["place"],
        row["records"],
        row["times"],
        moments.read(row["since"]),
        tuple(map(key, examples)),
    )


def remap(row: Row) -> Remap:
    """Read how a record can be taken back."""
    return Remap(row["server"], key(row), row["mapping"], row["text"])


def braked(row: Row) -> Braked:
    """Read a record that waits until a person says go."""
    return Braked(row["server"], key(row), row["text"], row["seen"], row["base"])


def change(row: Row) -> Change:
    """Read a change."""
    return Change(
        row["id"],
        key(row),
        row["revision"],
        moments.read(row["happened"]),
        row["source"],
        tuple(json.loads(row["fields"])),
        row["position"],
        row["text"],
    )


def change_row(change: Change, record: int) -> dict[str, Any]:
    """Write a change."""
    return {
        "id": change.id,
        "record": record,
        "revision": change.revision,
        "happened": moments.written(change.when),
        "source": change.source,
        "fields": json.dumps(change.fields, ensure_ascii=False),
        "text": change.text,
    }


def conflict(row: Row) -> Conflict:
    """Read a conflict."""
    return Conflict(
        row["id"],
        row["server"],
        key(row),
        row["path"],
        row["ours"],
        row["theirs"],
        row["base"],
        moments.read(row["since"]),
        _moment(row["said"]),
        row["reference"],
        None if row["outcome"] is None else Outcome(row["outcome"]),
        _moment(row["ended"]),
    )


def conflict_row(conflict: Conflict, record: int, now: datetime) -> dict[str, Any]:
    """Write a conflict that is open."""
    return {
        "id": conflict.id,
        "server": conflict.server,
        "record": record,
        "path": conflict.path,
        "ours": conflict.ours,
        "theirs": conflict.theirs,
        "base": conflict.base,
        "since": moments.written(now),
        "said": _text(conflict.said),
        "reference": conflict.reference,
    }


def status(counts: Iterable[Row], conflicts: Iterable[Row]) -> dict[str, dict[str, dict[str, int]]]:
    """Sum up rows of server, state and number of records, and the conflicts of each server."""
    servers: dict[str, dict[str, int]] = {}
    none = {str(state): 0 for state in State if state is not State.SENDING} | {"conflicts": 0}
    for row in counts:
        shown = servers.setdefault(row["server"], dict(none))
        # Whoever asks cares whether it is there yet; that it is on its way right now is no answer.
        state = State.OWED if row["state"] == State.SENDING else State(row["state"])
        shown[str(state)] += row["records"]
    for row in conflicts:
        servers.setdefault(row["server"], dict(none))["conflicts"] = row["conflicts"]
    return {"servers": servers}


def traffic(counts: Row, troubles: Iterable[Row]) -> Traffic:
    """Read what goes on with a server, and its last trouble if there is one."""
    known = Traffic(
        counts["owed"],
        counts["sending"],
        _moment(counts["oldest"]),
        _moment(counts["due"] or None),
        counts["settled"],
    )
    for row in troubles:
        known = replace(known, code=row["code"], reason=row["reason"], when=moments.read(row["happened"]))
    return known


def _moment(text: str | None) -> datetime | None:
    return None if text is None else moments.read(text)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moments.written(moment)


def _problem(problem: Problem) -> dict[str, str]:
    return {each.name: getattr(problem, each.name) for each in fields(Problem)}


def _problems(text: str) -> tuple[Problem, ...]:
    return () if text == "[]" else tuple(Problem(**problem) for problem in json.loads(text))
