"""What a client needs help with."""

from typing import Literal, Self

from pydantic import model_validator

from fhircase.model.base import ALONE, Item, ItemId, Many, stands_alone_or_not
from fhircase.model.time import Moment
from fhircase.model.value import Concept, Key, Link, Note

NeedKind = Literal["unspecified", "medical", "psychosocial", "motivational", "social"]
NeedStatus = Literal["unspecified", "active", "recurrence", "relapse", "inactive", "remission", "resolved"]
Confirmation = Literal[
    "unspecified", "unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"
]


class Need(Item):
    """A problem or want of the client: inside a case by `id`, or a record of its own by `key`."""

    id: ItemId = ALONE
    key: Key | None = None
    """Set only when the need stands alone, outside any case."""
    client: Link | None = None
    """Set only when the need stands alone: whose need it is."""
    kind: NeedKind = "unspecified"
    what: Concept | None = None
    severity: Concept | None = None
    since: Moment | None = None
    status: NeedStatus = "unspecified"
    confirmation: Confirmation = "unspecified"
    notes: Many[Note] = ()

    @model_validator(mode="after")
    def _void_has_no_status(self) -> Self:
        if self.confirmation == "entered-in-error" and self.status != "unspecified":
            raise ValueError("a need entered in error has no status: leave it unspecified")
        return self

    @model_validator(mode="after")
    def _stands_alone_or_not(self) -> Self:
        stands_alone_or_not(self.id, self.key, self.client)
        return self
