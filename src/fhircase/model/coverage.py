"""Who pays for a client's care, and what they have authorised: facts of the payer's, linked and read."""

from typing import Literal, Self

from pydantic import model_validator

from fhircase.model.base import Item, Many, Said, Text
from fhircase.model.time import Moment
from fhircase.model.value import Concept, Identifier, Link, Period, Quantity

CoverageStatus = Literal["unspecified", "active", "cancelled", "draft", "entered-in-error"]
CoverageKind = Literal["unspecified", "insurance", "self-pay", "other"]


def _linked_or_known(item: "Coverage | Authorisation") -> None:
    if item.link is not None and item != type(item).model_construct(id=item.id, link=item.link):
        raise ValueError("it is a link, or is known by facts: not both")


class Coverage(Item):
    """An insurance or other means that pays."""

    link: Link | None = None
    """The coverage elsewhere, when only a link to it is known."""
    identifiers: Many[Identifier] = ()
    status: CoverageStatus = "unspecified"
    kind: CoverageKind = "unspecified"
    type: Concept | None = None
    payer: Link | None = None
    subscriber_id: Text | None = None
    relationship: Concept | None = None
    """What the client is to the subscriber."""
    period: Period | None = None

    @model_validator(mode="after")
    def _is_linked_or_known(self) -> Self:
        _linked_or_known(self)
        return self


class AuthorisedService(Said):
    """A service that the payer allows, and how much of it."""

    what: Concept | None = None
    quantity: Quantity | None = None


class Authorisation(Item):
    """A payer's answer, before the service, that it will pay."""

    link: Link | None = None
    """The authorisation elsewhere, when only a link to it is known."""
    identifiers: Many[Identifier] = ()
    status: CoverageStatus = "unspecified"
    number: Text | None = None
    payer: Link | None = None
    decided: Moment | None = None
    period: Period | None = None
    services: Many[AuthorisedService] = ()

    @model_validator(mode="after")
    def _is_linked_or_known(self) -> Self:
        _linked_or_known(self)
        return self
