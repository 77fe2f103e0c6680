"""Entries for a server without transactions: what is referred to goes a step earlier.

Source: https://hl7.org/fhir/R4/http.html#transaction: the entries of a batch must not refer to each other.
"""

from collections.abc import Iterator, Mapping, Sequence

from fhircase.exchange.order import groups
from fhircase.exchange.references import URN, Known, nodes, resolve
from fhircase.fhir.bundle import Entry


def steps(entries: Sequence[Entry]) -> list[list[int]]:
    """The numbers of the entries that can go together, step by step; a circle goes together."""
    made = {str(entry["fullUrl"]): number for number, entry in enumerate(entries) if _made(entry)}
    links = {
        number: {made[named] for named in names(entry) if named in made and made[named] != number}
        for number, entry in enumerate(entries)
    }
    level: dict[int, int] = {}
    for group in groups(links):
        below = [level[other] for number in group for other in links[number] if other not in group]
        level |= dict.fromkeys(group, max(below, default=-1) + 1)
    count = max(level.values(), default=-1) + 1
    return [[number for number in level if level[number] == step] for step in range(count)]


def names(entry: Entry) -> Iterator[str]:
    """What an entry refers to that is made along with it."""
    for node in nodes(entry.get("resource")):
        reference = node.get("reference")
        if isinstance(reference, str) and reference.startswith(URN):
            yield reference


def filled(entry: Entry, known: Mapping[str, str]) -> Entry:
    """The entry with the server's references; one that is not known yet leaves only whom it means."""
    there = Known({name.removeprefix(URN): reference for name, reference in known.items()})
    return {**entry, "resource": resolve(entry["resource"], there)}


def _made(entry: Entry) -> bool:
    return str(entry.get("fullUrl", "")).startswith(URN)
