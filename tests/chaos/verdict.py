"""What must hold on the server when all is over, judged from its history and from who said what."""

import json
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.agency import Agency, Wrote
from tests.chaos.hospital import PLACES, Hospital, Said
from tests.chaos.reading import TYPES, History, Json, Version, of

EDITED = {"CarePlan": ("title",), "ServiceRequest": ("note",), "Task": ("note", "status", "statusReason")}
"""The elements that anybody edits in a run; all others have to stay as they were made."""


@dataclass
class Verdict:
    """What is wrong, by kind."""

    missing: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """Programs that ended otherwise than by a kill or with all told."""

    @property
    def wrong(self) -> list[str]:
        """All of it."""
        return [f"{kind}: {each}" for kind, several in vars(self).items() for each in several]


def judged(history: History, hospital: Hospital, agency: Agency, named: bytes) -> Verdict:
    """Judge a server by its history.

    Args:
        history: everything with our identifiers.
        hospital: what the local system said.
        agency: what the other client wrote.
        named: what conflicts say is ours.
    """
    verdict = Verdict()
    live = {name: versions[-1].resource for name, versions in history.items() if versions[-1].live}
    by_identifier = _by_identifier(live, hospital.world.namespace)
    expected = set(_expected(hospital))
    verdict.missing += [f"{name}" for name in sorted(expected - by_identifier.keys())]
    verdict.doubled += [f"{name}: {len(ids)}" for name, ids in by_identifier.items() if len(ids) > 1]
    verdict.altered += [f"{name}: nobody said it" for name in sorted(by_identifier.keys() - expected)]
    verdict.altered += _altered(history, {(wrote.id, wrote.version) for wrote in agency.wrote})
    verdict.altered += _loose(live)
    verdict.lost += _lost_of_agency(history, agency.wrote, {each.text for each in hospital.said})
    verdict.lost += _lost_of_hospital(history, by_identifier, hospital, named)
    return verdict


def _expected(hospital: Hospital) -> Iterator[tuple[str, str, str]]:
    for number in range(hospital.clients):
        yield "EpisodeOfCare", "case", f"C-{number}"
        yield "CareTeam", "case", f"C-{number}"
        yield "Task", "case", f"C-{number}"
        yield "Condition", "need", f"C-{number}:n1"
        yield "CarePlan", "care-plan", f"P-{number}"
        yield "Goal", "goal", f"P-{number}:g1"
        yield "ServiceRequest", "referral", f"R-{number}"
        yield "Task", "offer", f"R-{number}:o1"


def _by_identifier(live: dict[tuple[str, str], Json], namespace: str) -> dict[tuple[str, str, str], list[str]]:
    found: dict[tuple[str, str, str], list[str]] = {}
    for (kind, own), resource in live.items():
        for what, value in of(namespace, resource):
            found.setdefault((kind, what, value), []).append(own)
    return found


# -- what both sides said ------------------------------------------------------------------------------


def _lost_of_agency(history: History, wrote: list[Wrote], ours: Collection[str]) -> Iterator[str]:
    """Each word of the agency's has to be in every later version, until the agency itself says another."""
    by_task: dict[str, list[Wrote]] = {}
    for each in wrote:
        by_task.setdefault(each.id, []).append(each)
    for own, several in by_task.items():
        for version in history["Task", own]:
            so_far = [each for each in several if each.version <= version.number]
            if so_far and version.live:
                yield from (f"Task/{own} version {version.number}: {what}" for what in _gone(version, so_far, ours))


def _gone(version: Version, so_far: list[Wrote], ours: Collection[str]) -> Iterator[str]:
    notes = Counter(each["text"] for each in version.resource.get("note", ()))
    yield from (f"{each.note!r} is there {notes[each.note]} times" for each in so_far if notes[each.note] != 1)
    if version.resource["status"] != so_far[-1].status:
        yield f"status {so_far[-1].status} is {version.resource['status']}"
    reason = version.resource.get("statusReason", {}).get("text")
    if reason != so_far[-1].reason and reason not in ours:
        yield f"the reason {so_far[-1].reason!r} is {reason!r}"


def _lost_of_hospital(
    history: History, named: dict[tuple[str, str, str], list[str]], hospital: Hospital, conflicts: bytes
) -> Iterator[str]:
    last = {(said.place, said.number): said for said in hospital.said}
    notes = [said for said in hospital.said if "note" in said.place]
    for said in dict.fromkeys([*last.values(), *notes]):
        versions = _versions(history, named, said)
        spoken = said.text in hospital.given_up or json.dumps(said.text).encode() in conflicts
        if versions and not _kept(said, versions) and not spoken:
            yield f"{said.place} of client {said.number}: {said.text!r}"


def _versions(history: History, named: dict[tuple[str, str, str], list[str]], said: Said) -> list[Version]:
    kind = PLACES[said.place]
    what, value = {
        "CarePlan": ("care-plan", f"P-{said.number}"),
        "ServiceRequest": ("referral", f"R-{said.number}"),
        "Task": ("offer", f"R-{said.number}:o1"),
    }[kind]
    return [version for own in named.get((kind, what, value), ()) for version in history[kind, own]]


def _kept(said: Said, versions: list[Version]) -> bool:
    """Whether it is there; of a reason it is enough that it was, for then the agency has read it."""
    if said.place == "title":
        return versions[-1].resource.get("title") == said.text
    if said.place == "reason":
        return any(version.resource.get("statusReason", {}).get("text") == said.text for version in versions)
    return [each["text"] for each in versions[-1].resource.get("note", ())].count(said.text) == 1


# -- what nobody edited --------------------------------------------------------------------------------


def _altered(history: History, others: Collection[tuple[str, int]]) -> Iterator[str]:
    """Of what nobody edits only references may be completed."""
    for (kind, own), versions in history.items():
        first = _untouched(kind, versions[0].resource)
        for version in versions[1:]:
            if version.live and (kind, version.number) not in others and _untouched(kind, version.resource) != first:
                yield f"{kind}/{own} version {version.number} differs where nobody edited it"


def _untouched(kind: str, resource: Json) -> str:
    rest = {
        name: value for name, value in resource.items() if name not in ("meta", "id", "text", *EDITED.get(kind, ()))
    }
    return json.dumps(_unlinked(rest), sort_keys=True)


def _unlinked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unlinked(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: _unlinked(each) for name, each in value.items() if name != "reference"}


def _loose(live: dict[tuple[str, str], Json]) -> Iterator[str]:
    """References that lead nowhere."""
    for (kind, own), resource in live.items():
        for reference in _references(resource):
            target, _, id_ = reference.partition("/")
            if reference.startswith("urn:") or (target in TYPES and (target, id_) not in live):
                yield f"{kind}/{own} refers to {reference}, which is not there"


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _references(each)
    elif isinstance(value, dict):
        if isinstance(value.get("reference"), str) and not value["reference"].startswith("#"):
            yield value["reference"]
        for each in value.values():
            yield from _references(each)
