"""The consents of a case: what the client allows to be told, to whom, for what and how long."""

from typing import get_args

from fhircase.model import Consent, ConsentActor, ConsentData, Document, Link, Period
from fhircase.model.consent import ConsentKind, ConsentStatus, Decision, Reach
from fhircase.records.sample.chance import Chance
from fhircase.records.sample.days import day, moment
from fhircase.records.sample.people import mrn
from fhircase.records.sample.words import MRN, NAMESPACE, agency, coding, concept, hospital, known_as, words

_STATUSES: tuple[ConsentStatus, ...] = (*("active",) * 6, *get_args(ConsentStatus))
_KINDS: tuple[ConsentKind, ...] = (*("disclosure",) * 6, *get_args(ConsentKind))
_DECISIONS: tuple[Decision, ...] = (*("permit",) * 6, *get_args(Decision))


def consents(number: int, opened: int, manager: Link, chance: Chance) -> tuple[Consent, ...]:
    """None, one or two."""
    wanted = chance.deal("consents", (0, 1, 1, 2))
    return tuple(_consent(f"c{at}", number, opened + at, manager, chance) for at in range(1, wanted + 1))


def _consent(id: str, number: int, on: int, manager: Link, chance: Chance) -> Consent:
    text = words()["consent"]
    client = known_as(MRN, mrn(number))
    return Consent(
        id=id,
        status=chance.deal("consent status", _STATUSES),
        kind=chance.deal("consent kind", _KINDS),
        categories=(concept(chance.pick(text["categories"])),) if not chance.one_in(4, "no category") else (),
        given=chance.deal("given", (day(on), moment(on, chance))),
        given_by=chance.deal("given by", ((client,), (Link(display="The client's guardian"),), ())),
        custodians=(hospital(),) if chance.one_in(2, "custodian") else (),
        source=_source(number, on, chance),
        basis=concept(chance.pick(text["basis"])) if chance.one_in(2, "basis") else None,
        policy=chance.pick(text["policies"]) if chance.one_in(3, "policy") else None,
        decision=chance.deal("decision", _DECISIONS),
        period=Period(start=day(on), end=day(on + 365)) if not chance.one_in(4, "no period") else None,
        recipients=_recipients(chance),
        actors=(ConsentActor(who=manager, role=concept(chance.pick(text["roles"]))),)
        if chance.one_in(4, "consent actor")
        else (),
        purposes=tuple(map(coding, text["purposes"]))[: chance.deal("purposes", (0, 1, 2))],
        actions=(concept(chance.pick(text["actions"])),) if chance.one_in(3, "action") else (),
        content=tuple(map(coding, text["content"])) if chance.one_in(5, "content") else (),
        topics=(concept(chance.pick(text["topics"])),) if chance.one_in(4, "topic") else (),
        data=_data(number, chance),
    )


def _source(number: int, on: int, chance: Chance) -> Document | Link | None:
    signed = known_as(f"{NAMESPACE}/documents", f"D-{number:05}")
    title = chance.pick(words()["consent"]["documents"])
    url = f"https://hospital.example/documents/{number}"
    document = Document(title=title, url=url, form="application/pdf", made=day(on))
    return chance.deal("consent source", (document, Document(title=title), signed, None))


def _recipients(chance: Chance) -> tuple[Link, ...]:
    known = [str(each["id"]) for each in words()["organizations"][1:]]
    return tuple(agency(chance.pick(known)) for _ in range(chance.deal("recipients", (0, 1, 1, 2))))


def _data(number: int, chance: Chance) -> tuple[ConsentData, ...]:
    if not chance.one_in(3, "consent data"):
        return ()
    what = known_as(f"{NAMESPACE}/documents", f"D-{number:05}")
    return (ConsentData(what=what, reach=chance.deal("reach", get_args(Reach))),)
