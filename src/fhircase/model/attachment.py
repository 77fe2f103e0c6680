"""A document that goes with a record, found by its address."""

from typing import Literal

from fhircase.model.base import Item, Many, Text
from fhircase.model.value import Concept, Document, Link

AttachmentStatus = Literal["unspecified", "current", "superseded", "entered-in-error"]


class Attachment(Item):
    """A document: what it is, who wrote it and where it can be read."""

    status: AttachmentStatus = "unspecified"
    kind: Concept | None = None
    """What sort of document."""
    description: Text | None = None
    by: Many[Link] = ()
    document: Document | None = None
