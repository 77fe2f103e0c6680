"""Whole records around some of their resources: what those refer to, and what answers them."""

from collections.abc import Iterable, Mapping

from fhircase.exchange.pull import part_types
from fhircase.exchange.references import Json
from fhircase.mapping import Readings, from_bundle
from fhircase.mapping.compiled import all_compiled
from fhircase.worker.absorb import gather
from fhircase.worker.fetch import AT_ONCE, PAGE, Found, seen
from fhircase.worker.station import Station

PIECES = frozenset({"work-item", "outcome"})
"""Records that a part of another one is read as, where that one is not there."""
ANSWERED = ("ServiceRequest", "CarePlan", "Task")
"""What tasks of a record may be about: a request's offers, the reviews of a plan or a case."""


def whole(station: Station, seeds: Mapping[str, Found], near: Mapping[str, Found] | None = None) -> dict[str, Found]:
    """Everything that may belong to the records of these resources; what is `near` has come along already.

    Raises:
        ServerError: the server could not be asked.
    """
    every: dict[str, Found] = {}
    for kind, some in _by_kind(station, seeds).items():
        every |= gather(station, kind, some, near)[0]
    every |= {found.reference: found for found in _answers(station, every) if found.reference not in every}
    for kind, some in _by_kind(station, every).items():
        every |= gather(station, kind, some, near)[0]
    return every


def readings(station: Station, found: Iterable[Found]) -> Readings:
    """Every record that can be read from these resources."""
    resources = [each.resource for each in found]
    return from_bundle(resources, station.to.fhir, station.to.overlays, station.to.url)


def _by_kind(station: Station, found: Mapping[str, Found]) -> dict[str, dict[str, Found]]:
    """Sort resources by the kind of record whose parts may lie around them."""
    kinds: dict[str, dict[str, Found]] = {}
    for reference, each in found.items():
        kinds.setdefault(_kind(station, each.resource), {})[reference] = each
    return kinds


def _kind(station: Station, resource: Json) -> str:
    """What a resource anchors; a task or an outcome that anchors nothing but itself belongs to what it is about."""
    for mapping in all_compiled(station.to.fhir, station.to.overlays):
        if mapping.kind not in PIECES and mapping.anchor(resource):
            return mapping.kind
    return "referral"


def _answers(station: Station, every: Iterable[str]) -> Iterable[Found]:
    """The tasks that are about these, whoever owns them."""
    about = sorted(reference for reference in every if reference.partition("/")[0] in ANSWERED)
    if "Task" not in part_types("referral", station.to.fhir, station.to.overlays) or not _focused(station):
        return
    for start in range(0, len(about), AT_ONCE):
        criteria = {"focus": ",".join(about[start : start + AT_ONCE])} | PAGE
        yield from (seen(resource) for resource in station.client.search("Task", criteria))


def _focused(station: Station) -> bool:
    """Whether tasks can be found by what they are about."""
    listed = station.said.parameters.get("Task")
    return station.can.can_search("Task") and (listed is None or "focus" in listed)
