"""A person forgotten: no trace stays in the ledger, and what stays elsewhere is named."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fhircase.exchange import whose
from fhircase.exchange.people import PATIENT
from fhircase.fhir import jsontext
from fhircase.ledger import Ledger, RecordKey
from fhircase.worker.forgotten import Forgotten
from fhircase.worker.texts import record_of


@dataclass(slots=True)
class Remains:
    """What was forgotten, and what is not ours to delete. It is told once and kept nowhere."""

    records: int = 0
    references: dict[str, list[str]] = field(default_factory=dict)
    """Per server, the resources that are still there."""
    named_by: list[RecordKey] = field(default_factory=list)
    """Records of others that name the person; they are theirs, and stay."""


def forget(ledger: Ledger, token: str, *, now: datetime) -> Remains:
    """Remove every trace of a client, known by one identifier, `system|value`.

    Raises:
        LedgerError: another process holds the file's journal; the entries are gone, and `compact` empties it later.
    """
    tokens, keys = _theirs(ledger, token)
    remains = Remains(len(keys))
    servers = {*ledger.status()["servers"], *ledger.count_put_by()}
    with ledger.unit():
        for server in sorted(servers):
            _on_server(ledger, server, tokens, keys, remains, now)
        ledger.forget(keys)
        remains.named_by = [each.key for each in ledger.scan() if _names(each.current, tokens)]
        Forgotten(ledger).add(tokens, keys, now=now)
    ledger.compact()
    return remains


def _theirs(ledger: Ledger, token: str) -> tuple[set[str], set[RecordKey]]:
    """All identifiers by which the person is known, and all records that are theirs."""
    tokens, keys = {token}, set[RecordKey]()
    while True:
        before = len(tokens), len(keys)
        for key, text in _texts(ledger):
            record = record_of(text)
            named = whose.tokens(record)
            if key in keys or named & tokens or (not named and whose.owners(record) & keys):
                keys.add(key)
                tokens |= named
        if (len(tokens), len(keys)) == before:
            return tokens, keys


def _texts(ledger: Ledger) -> Iterator[tuple[RecordKey, bytes]]:
    for each in ledger.scan():
        yield each.key, each.current
        if each.local is not None and each.local.text != each.current:
            yield each.key, each.local.text
    for server in ledger.count_put_by():
        yield from ((item.key, item.text) for item in ledger.put_by_for(server))


def _on_server(
    ledger: Ledger, server: str, tokens: set[str], keys: set[RecordKey], remains: Remains, now: datetime
) -> None:
    rows = ledger.resources(server, keys)
    references = {row.reference for several in rows.values() for row in several}
    names = {f"{PATIENT} {token}" for token in tokens}
    patients = set(ledger.links(server, names).values())
    # A payer or a clinic may have several clients: only what is theirs alone is theirs.
    held = ledger.holders(server, references)
    shared = {reference for reference, several in held.items() if {row.key for row in several} - keys}
    theirs = (references - shared) | patients
    names |= {name for several in ledger.named(server, patients).values() for name in several}
    ledger.unlink(server, names)
    ledger.drop_unread(server, [each.key for each in ledger.unread(server) if _mentions(each.text, tokens, theirs)])
    for name, position in _cursors(ledger, server):
        left = [each for each in position if each not in theirs]
        if left != position:
            ledger.move_cursor(server, name, jsontext.encode(left).decode(), now=now)
    if theirs:
        remains.references[server] = sorted(theirs)


def _cursors(ledger: Ledger, server: str) -> list[tuple[str, list[Any]]]:
    """The cursors of a server that are lists of references."""
    found = []
    for table, row in ledger.dump():
        if table == "cursors" and row["server"] == server and row["position"].startswith("["):
            found.append((row["name"], jsontext.decode(row["position"])))
    return found


def _mentions(text: bytes, tokens: Iterable[str], references: Iterable[str]) -> bool:
    named = any(f'"{reference}"'.encode() in text for reference in references)
    return named or _names(text, tokens)


def _names(text: bytes, tokens: Iterable[str]) -> bool:
    """Whether a JSON text has one of the identifiers in it."""
    return any(_has(jsontext.decode(text), *token.split("|", 1)) for token in tokens)


def _has(node: Any, system: str, value: str) -> bool:
    if isinstance(node, dict):
        if node.get("value") == value and (node.get("system") or "") == system:
            return True
        return any(_has(inner, system, value) for inner in node.values())
    return isinstance(node, list) and any(_has(inner, system, value) for inner in node)
