"""The person who is helped, and how to reach them safely."""

from typing import Literal, Self

from pydantic import model_validator

from fhircase.model.base import Many, Said, Text, Value
from fhircase.model.time import Day
from fhircase.model.value import Concept, Identifier, Link, Period

Sex = Literal["unspecified", "male", "female", "other", "unknown"]
NameUse = Literal["unspecified", "usual", "official", "temp", "nickname", "anonymous", "old", "maiden"]
AddressUse = Literal["unspecified", "home", "work", "temp", "old", "billing"]
PointKind = Literal["unspecified", "phone", "fax", "email", "pager", "url", "sms", "other"]
PointUse = Literal["unspecified", "home", "work", "temp", "old", "mobile"]


class PersonName(Said):
    """A name, in its parts and as it is written."""

    use: NameUse = "unspecified"
    text: Text | None = None
    family: Text | None = None
    given: Many[Text] = ()
    prefix: Many[Text] = ()
    suffix: Many[Text] = ()


class Address(Said):
    """A postal address."""

    use: AddressUse = "unspecified"
    text: Text | None = None
    lines: Many[Text] = ()
    city: Text | None = None
    district: Text | None = None
    state: Text | None = None
    postal_code: Text | None = None
    country: Text | None = None
    period: Period | None = None


class ContactPoint(Said):
    """A phone number, mail address or the like, and whether using it is safe for the client."""

    kind: PointKind = "unspecified"
    value: Text | None = None
    use: PointUse = "unspecified"
    safe_to_contact: bool | None = None
    """False: somebody the client must be protected from may read or hear it."""


class Language(Said):
    """A language the client understands."""

    language: Concept | None = None
    preferred: bool | None = None


class ClientContact(Said):
    """A guardian, relative or other person to turn to about the client."""

    relationships: Many[Concept] = ()
    name: PersonName | None = None
    points: Many[ContactPoint] = ()
    address: Address | None = None


class Client(Value):
    """The person a case is about; the clinical side owns these facts and ours are read from there."""

    link: Link | None = None
    """The person elsewhere, when only a link to them is known."""
    identifiers: Many[Identifier] = ()
    names: Many[PersonName] = ()
    birth_date: Day | None = None
    sex: Sex = "unspecified"
    points: Many[ContactPoint] = ()
    addresses: Many[Address] = ()
    languages: Many[Language] = ()
    needs_interpreter: bool | None = None
    contacts: Many[ClientContact] = ()

    @model_validator(mode="after")
    def _is_linked_or_known(self) -> Self:
        if self.link is not None and self != Client.model_construct(link=self.link):
            raise ValueError("a client is a link, or is known by facts: not both")
        return self
