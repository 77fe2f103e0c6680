"""Which patients a server has merged, as far as we were told: what is read and sent follows to the survivors."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from fhircase.exchange.references import Json, targets
from fhircase.exchange.survivors import followed, merged, survivors
from fhircase.worker.fetch import Found
from fhircase.worker.station import Station

FACT = "patient merged "
"""The fact about a server that a patient was merged, before its reference; the value is the survivor's."""
TOLD = "patient merge told "
"""The fact that the local system was told of it."""


def known_merges(station: Station) -> dict[str, str]:
    """The survivor of each patient that was merged, as far as we were told."""
    if "merged" not in station.memory:
        facts = station.ledger.facts(station.server).items()
        station.memory["merged"] = survivors(
            {name.removeprefix(FACT): value for name, value in facts if name.startswith(FACT)}
        )
    return station.memory["merged"]  # type: ignore[no-any-return]


def as_followed(station: Station, every: Mapping[str, Found]) -> dict[str, Found]:
    """Resources as if they referred to the survivors already: so they are read, and so they are sent."""
    last = known_merges(station)
    if not last:
        return dict(every)
    return {
        reference: replace(found, resource=followed(found.resource, last))
        if targets(found.resource) & last.keys()
        else found
        for reference, found in every.items()
        if reference not in last
    }


def notice(station: Station, changed: Iterable[Json]) -> None:
    """Note new merges, and let our names for the merged lead to the survivors."""
    before, pairs = known_merges(station), merged(changed)
    new = {old: to for old, to in pairs.items() if before.get(old) != survivors({**before, **pairs}).get(old)}
    if not new:
        return
    ledger, server, now = station.ledger, station.server, station.now()
    with ledger.unit():
        for old, to in new.items():
            ledger.keep_fact(server, FACT + old, to, now=now)
        station.memory.pop("merged", None)
        last = known_merges(station)
        for old, names in ledger.named(server, last).items():
            for name in names:
                ledger.link(server, name, last[old], now=now)


def untold(station: Station) -> dict[str, str]:
    """The survivors of those of whom the local system was not told yet."""
    facts = station.ledger.facts(station.server)
    return {old: to for old, to in known_merges(station).items() if facts.get(TOLD + old) != to}
