"""What a ledger holds, for people who keep it: states, resources and moments; values only if they are asked for."""

from typing import Any

from fhircase.fhir import jsontext
from fhircase.ledger import Delivery, Ledger, Record
from fhircase.worker.remap import is_named


def overview(ledger: Ledger) -> dict[str, dict[str, Any]]:
    """How much of what there is."""
    servers = ledger.status()["servers"]
    found: dict[str, dict[str, Any]] = {"records": dict(ledger.counts())}
    for name in sorted({*servers, *ledger.count_put_by()}):
        facts = ledger.facts(name)
        found[name] = {**servers.get(name, {}), **{f"known: {fact}": facts[fact] for fact in facts}}
        if count := ledger.count_put_by().get(name):
            found[name]["waiting for a release"] = count
    return found


def records(ledger: Ledger, name: str, *, values: bool) -> list[dict[str, Any]]:
    """All that is known of the records of this name."""
    servers = list(ledger.status()["servers"])
    return [_record(ledger, each, servers, values=values) for each in ledger.scan() if is_named(each.key, [name])]


def _record(ledger: Ledger, record: Record, servers: list[str], *, values: bool) -> dict[str, Any]:
    key = record.key
    deliveries = [d for server in servers for d in ledger.deliveries(server, [key]).values()]
    rows = [row for server in servers for row in ledger.resources(server, [key]).get(key, ())]
    found: dict[str, Any] = {
        "key": f"{key.kind} {key.namespace}|{key.value}",
        "revision": record.revision,
        "servers": [{"server": d.server, "state": str(d.state), "said": _said(d, record.revision)} for d in deliveries],
        "resources": [
            {
                "server": row.server,
                "role": row.role,
                "reference": row.reference,
                "version": row.etag or "",
                "linked": row.linked,
            }
            for row in rows
        ],
    }
    if values:
        found["current"] = jsontext.decode(record.current)
        found["local"] = jsontext.decode(record.local.text) if record.local else None
    return found


def _said(delivery: Delivery, revision: int) -> str:
    """A delivery in plain words."""
    words = [f"since {delivery.since:%Y-%m-%d %H:%M} UTC", f"revision {delivery.sent} of {revision} was sent last"]
    if delivery.attempts:
        words.append(f"{delivery.attempts} attempts")
    if delivery.owner:
        words.append(f"being sent by {delivery.owner}")
    if delivery.not_before:
        words.append(f"not before {delivery.not_before:%Y-%m-%d %H:%M} UTC")
    if delivery.unsure:
        words.append("looked up before it is sent, as it may be there, or gone")
    if delivery.reason:
        words.append(f"{delivery.code}: {delivery.reason}" if delivery.code else delivery.reason)
    return "; ".join(words)
