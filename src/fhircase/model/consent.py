"""What a client allows or forbids: to whom, about what, for which purpose and how long."""

from typing import Literal, Self

from pydantic import model_validator

from fhircase.model.base import ALONE, Item, ItemId, Many, Said, Uri, Value, stands_alone_or_not
from fhircase.model.time import Moment
from fhircase.model.value import Coding, Concept, Document, Key, Link, Period

ConsentStatus = Literal["unspecified", "draft", "proposed", "active", "rejected", "inactive", "entered-in-error"]
ConsentKind = Literal["unspecified", "disclosure", "treatment", "research", "advance-directive"]
Decision = Literal["unspecified", "permit", "deny"]
Reach = Literal["instance", "related", "dependents", "authored-by"]

RECIPIENT = Coding(
    system="http://terminology.hl7.org/CodeSystem/v3-ParticipationType", code="IRCP", display="information recipient"
)
"""HL7's code for somebody who may be told; who that is stands in `Consent.recipients`."""


class ConsentActor(Said):
    """Somebody else that a consent is about, and as what."""

    who: Link | None = None
    role: Concept | None = None

    @model_validator(mode="after")
    def _is_no_recipient(self) -> Self:
        if self.role and self.role.has(str(RECIPIENT.system), str(RECIPIENT.code)):
            raise ValueError("who may be told belongs into `recipients`")
        return self


class ConsentData(Value):
    """Something written down that a consent is about, and how far around it the consent reaches."""

    what: Link | None = None
    reach: Reach


class Consent(Item):
    """What a client decided: inside a case or plan by `id`, or a record of its own by `key`.

    `decision` is what holds for the recipients, purposes, period and data named here; an empty list names no limit.
    """

    id: ItemId = ALONE
    key: Key | None = None
    """Set only when the consent stands alone."""
    client: Link | None = None
    """Set only when the consent stands alone: whose consent it is."""
    status: ConsentStatus = "unspecified"
    kind: ConsentKind = "unspecified"
    categories: Many[Concept] = ()
    given: Moment | None = None
    """When the client decided."""
    given_by: Many[Link] = ()
    """Who decided: the client, or who may do so for them."""
    custodians: Many[Link] = ()
    """Who keeps the consent and sees that it is followed."""
    source: Document | Link | None = None
    """What was signed."""
    basis: Concept | None = None
    """The law or regulation that it stands on."""
    policy: Uri | None = None
    """Where the policy that it follows can be read."""
    decision: Decision = "unspecified"
    period: Period | None = None
    recipients: Many[Link] = ()
    """Who may, or may not, be told."""
    actors: Many[ConsentActor] = ()
    purposes: Many[Coding] = ()
    actions: Many[Concept] = ()
    content: Many[Coding] = ()
    """Which kinds of documents or data."""
    topics: Many[Concept] = ()
    """What the data are about."""
    data: Many[ConsentData] = ()

    @model_validator(mode="after")
    def _stands_alone_or_not(self) -> Self:
        stands_alone_or_not(self.id, self.key, self.client)
        return self
