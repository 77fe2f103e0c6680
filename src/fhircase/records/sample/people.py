"""The clients: invented people, with the ways in which records of people differ."""

from typing import Any, get_args

from fhircase.model import Address, Client, ClientContact, ContactPoint, Identifier, Language, Period, PersonName
from fhircase.model.client import AddressUse, NameUse, PointKind, PointUse, Sex
from fhircase.records.sample.chance import Chance
from fhircase.records.sample.days import day, rough
from fhircase.records.sample.words import MRN, concept, words

_NAME_USES: tuple[NameUse, ...] = ("official", "official", "usual", "unspecified")
_MAIL_USES: tuple[PointUse, ...] = ("unspecified", "home", "work", "old")


def mrn(number: int) -> str:
    """The medical record number of a client of the caseload."""
    return f"MRN-{number:06}"


def client(number: int, chance: Chance) -> Client:
    """A client of the caseload."""
    family = chance.deal("family", words()["people"]["family"])
    return Client(
        identifiers=_identifiers(number, chance),
        names=_names(family, chance),
        birth_date=rough(-chance.between(19 * 365, 90 * 365), chance)
        if not chance.one_in(30, "no birth date")
        else None,
        sex=chance.deal("sex", ("female", "male", "female", "male", "female", "male", *get_args(Sex))),
        points=_points(number, chance),
        addresses=_addresses(chance),
        languages=_languages(chance),
        needs_interpreter=chance.deal("interpreter", (None, None, None, False, True)),
        contacts=_contacts(family, chance),
    )


def _identifiers(number: int, chance: Chance) -> tuple[Identifier, ...]:
    kind = concept(words()["people"]["mrn_type"])
    own = Identifier(system=MRN, value=mrn(number), type=kind if chance.one_in(2, "mrn type") else None)
    if chance.one_in(9, "second identifier"):
        return own, Identifier(value=f"case file {number}", type=concept("Paper file"))
    return (own,)


def _names(family: str, chance: Chance) -> tuple[PersonName, ...]:
    people = words()["people"]
    given: tuple[str, ...] = (chance.deal("given", people["given"]),)
    if chance.one_in(6, "second name"):
        given += (chance.deal("given", people["given"]),)
    use = chance.deal("name use", _NAME_USES)
    name = PersonName(
        use=use,
        family=family,
        given=given,
        text=f"{' '.join(given)} {family}" if chance.one_in(4, "name text") else None,
        prefix=(chance.pick(people["prefix"]),) if chance.one_in(8, "prefix") else (),
        suffix=(chance.pick(people["suffix"]),) if chance.one_in(20, "suffix") else (),
    )
    if not chance.one_in(5, "other name"):
        return (name,)
    other = chance.deal("other name use", tuple(u for u in get_args(NameUse) if u not in ("official", "unspecified")))
    return name, PersonName(use=other, family=chance.deal("family", people["family"]), given=given[:1])


def _points(number: int, chance: Chance) -> tuple[ContactPoint, ...]:
    points = [_phone(number, chance)] if not chance.one_in(15, "no phone") else []
    if chance.one_in(2, "mail"):
        use = chance.deal("mail use", _MAIL_USES)
        points.append(ContactPoint(kind="email", value=f"client{number}@mail.example", use=use))
    if chance.one_in(8, "other point"):
        kind = chance.deal("point kind", tuple(k for k in get_args(PointKind) if k not in ("phone", "email")))
        value = "https://social.example/client" if kind == "url" else f"555-01{number % 100:02} ext. {number % 7}"
        # A value of no known kind is what FHIR forbids (cpt-2).
        points.append(ContactPoint(kind=kind, value=value if kind != "unspecified" else None, use="home"))
    return tuple(points)


def _phone(number: int, chance: Chance) -> ContactPoint:
    return ContactPoint(
        kind="phone",
        value=f"+1 555 555 01{number % 100:02}",
        use=chance.deal("phone use", (*get_args(PointUse), "mobile", "mobile", "home")),
        safe_to_contact=chance.deal("safe", (None, None, True, True, False)),
    )


def _addresses(chance: Chance) -> tuple[Address, ...]:
    if chance.one_in(12, "no address"):
        return ()
    people = words()["people"]
    town: dict[str, str] = chance.pick(people["towns"])
    line = f"{chance.between(1, 240)} {chance.pick(people['streets'])}"
    lines = (line, f"Apt. {chance.between(1, 40)}") if chance.one_in(5, "apartment") else (line,)
    use = chance.deal("address use", ("home", "home", "home", *get_args(AddressUse)))
    return (
        Address(
            use=use,
            lines=lines,
            **town,
            country="US" if chance.one_in(3, "country") else None,
            text=f"{line}, {town['city']}" if chance.one_in(6, "address text") else None,
            period=Period(start=day(-400), end=day(-30)) if use == "old" else None,
        ),
    )


def _languages(chance: Chance) -> tuple[Language, ...]:
    tokens = words()["people"]["languages"]
    first = chance.deal("language", (tokens[0], tokens[0], *tokens))
    preferred = chance.deal("preferred", (True, None, True))
    if not chance.one_in(7, "second language"):
        return (Language(language=concept(first), preferred=preferred),)
    other = next(token for token in tokens if token != first)
    return Language(language=concept(first), preferred=preferred), Language(language=concept(other), preferred=False)


def _contacts(family: str, chance: Chance) -> tuple[ClientContact, ...]:
    if not chance.one_in(3, "contact"):
        return ()
    people: dict[str, Any] = words()["people"]
    relations = [concept(chance.pick(people["contact_roles"]), chance.deal("relation", people["relationships"]))]
    if chance.one_in(4, "guardian"):
        relations.append(concept(people["guardian"]))
    phone = ContactPoint(kind="phone", value=f"+1 555 555 01{chance.below(100):02}", use="mobile")
    return (
        ClientContact(
            relationships=tuple(relations),
            name=PersonName(family=family, given=(chance.pick(people["given"]),)),
            points=(phone,),
            address=Address(text=f"{chance.pick(people['streets'])} {chance.between(1, 99)}")
            if chance.one_in(3, "contact address")
            else None,
        ),
    )
