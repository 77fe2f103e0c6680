"""A person forgotten: no trace stays in the ledger, and what stays elsewhere is named."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fhircase.exchange import whose
from fhircase.exchange.people import PATIENT
from fhircase.fhir import jsontext
from fhircase.ledger import Ledger, RecordKey
from fhircase.worker import survivors
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
    servers = sorted({*ledger.status()["servers"], *ledger.count_put_by()})
    with ledger.unit():
        said = _said(ledger, servers, keys)
        for server in servers:
            _on_server(ledger, server, tokens, keys, remains, now)
        ledger.forget(keys)
        for each in ledger.scan():
            named = _identifiers(each.current)
            said -= named
            if named & tokens:
                remains.named_by.append(each.key)
        _forget_names(ledger, said, remains)
        Forgotten(ledger).add(tokens, keys, now=now)
    ledger.compact()
    return remains


def _said(ledger: Ledger, servers: Iterable[str], keys: set[RecordKey]) -> set[str]:
    """Every identifier in what is kept of the records, be it the client's or that of somebody they have to do with."""
    said = {each for key, text in _texts(ledger) if key in keys for each in _identifiers(text)}
    for server in servers:
        for rows in ledger.resources(server, keys).values():
            said |= {each for row in rows if row.agreed for each in _identifiers(row.agreed)}
    return said


def _forget_names(ledger: Ledger, said: set[str], remains: Remains) -> None:
    """Forget what parties are called on servers whom nobody else names: whoever needs one is looked up again."""
    for table, row in list(_memories(ledger)):
        if table == "links":
            theirs = row["reference"] in remains.references.get(row["server"], ())
            if theirs or row["name"].partition(" ")[2] in said:
                ledger.unlink(row["server"], [row["name"]])


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
    theirs = (references - shared) | patients | _merged(ledger, server, patients)
    names |= {name for several in ledger.named(server, patients).values() for name in several}
    ledger.unlink(server, names)
    ledger.drop_unread(server, [each.key for each in ledger.unread(server) if _mentions(each.text, tokens, theirs)])
    for name, position in _cursors(ledger, server):
        left = [each for each in position if each not in theirs]
        if left != position:
            ledger.move_cursor(server, name, jsontext.encode(left).decode(), now=now)
    if theirs:
        remains.references[server] = sorted(theirs)


def _merged(ledger: Ledger, server: str, patients: set[str]) -> set[str]:
    """The patients that became one of these, of whom no fact stays either."""
    facts, found = ledger.facts(server), set(patients)
    while more := {name.rpartition(" ")[2] for name, to in facts.items() if _merge(name) and to in found} - found:
        found |= more
    for name, to in facts.items():
        if _merge(name) and (to in found or name.rpartition(" ")[2] in found):
            ledger.drop_fact(server, name)
    return found


def _merge(fact: str) -> bool:
    return fact.startswith((survivors.FACT, survivors.TOLD))


def _cursors(ledger: Ledger, server: str) -> list[tuple[str, list[Any]]]:
    """The cursors of a server that are lists of references."""
    return [
        (row["name"], jsontext.decode(row["position"]))
        for table, row in _memories(ledger)
        if table == "cursors" and row["server"] == server and row["position"].startswith("[")
    ]


def _memories(ledger: Ledger) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of what is remembered of servers besides records."""
    return ((table, row) for table, row in ledger.dump() if table in ("cursors", "links"))


def _mentions(text: bytes, tokens: set[str], references: Iterable[str]) -> bool:
    named = any(f'"{reference}"'.encode() in text for reference in references)
    return named or _names(text, tokens)


def _names(text: bytes, tokens: set[str]) -> bool:
    """Whether a JSON text has one of the identifiers in it."""
    return bool(_identifiers(text) & tokens)


def _identifiers(text: bytes) -> set[str]:
    """Every identifier in a JSON text, as `system|value`."""
    return set(_tokens(jsontext.decode(text)))


def _tokens(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        system, value = node.get("system") or "", node.get("value")
        if isinstance(system, str) and isinstance(value, str):
            yield f"{system}|{value}"
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _tokens(inner)
