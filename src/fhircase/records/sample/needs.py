"""What the clients need help with."""

from typing import Any, get_args

from fhircase.model import Need
from fhircase.model.need import Confirmation, NeedKind, NeedStatus
from fhircase.records.sample.chance import Chance
from fhircase.records.sample.days import moment, rough
from fhircase.records.sample.notes import notes
from fhircase.records.sample.words import concept, words

Topic = dict[str, Any]
"""An entry of `needs:` in the data file: a need, and what helps."""

_STATUSES: tuple[NeedStatus, ...] = (*("active",) * 8, *get_args(NeedStatus))


def topics(chance: Chance) -> list[Topic]:
    """What a client needs help with: one to three different things."""
    known = words()["needs"]
    found: list[Topic] = []
    for _ in range(chance.deal("how many needs", (1, 2, 2, 3))):
        topic = chance.deal("need", known)
        if topic not in found:
            found.append(topic)
    return found


def need(id: str, topic: Topic, opened: int, chance: Chance) -> Need:
    """A need of a client."""
    confirmation = chance.deal("confirmation", ("confirmed",) * 8 + get_args(Confirmation))
    since = opened - chance.between(1, 900)
    kind: NeedKind = topic["kind"]
    return Need(
        id=id,
        kind=kind,
        what=concept(*topic["what"]),
        severity=concept(chance.pick(words()["case"]["severities"])) if chance.one_in(3, "severity") else None,
        since=chance.deal("since", (rough(since, chance), moment(since, chance), None)),
        status=_status(confirmation, chance),
        confirmation=confirmation,
        notes=notes(words()["case"]["notes"], opened, chance) if chance.one_in(6, "need note") else (),
    )


def _status(confirmation: Confirmation, chance: Chance) -> NeedStatus:
    if confirmation == "entered-in-error":
        return "unspecified"
    return chance.deal("need status", _STATUSES)
