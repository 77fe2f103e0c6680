"""The documents that go with referrals."""

from typing import get_args

from fhircase.model import Attachment, Document
from fhircase.model.attachment import AttachmentStatus
from fhircase.records.sample.chance import Chance
from fhircase.records.sample.days import day, moment
from fhircase.records.sample.words import concept, hospital, words

_STATUSES: tuple[AttachmentStatus, ...] = (*("current",) * 4, *get_args(AttachmentStatus))


def attachments(number: int, on: int, chance: Chance) -> tuple[Attachment, ...]:
    """None or one."""
    if not chance.one_in(4, "attachment"):
        return ()
    kind, title = chance.deal("attached", tuple(words()["attachments"].items()))
    document = Document(
        title=title,
        url=f"https://hospital.example/documents/letters/{number}",
        form="application/pdf",
        size=chance.between(10_000, 900_000),
        hash="2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
        made=chance.deal("attachment made", (day(on), moment(on, chance))),
    )
    return (
        Attachment(
            id="d1",
            status=chance.deal("attachment status", _STATUSES),
            kind=concept(kind),
            description="For whoever takes over" if chance.one_in(2, "attachment description") else None,
            by=(hospital(),) if chance.one_in(2, "attachment by") else (),
            document=document,
        ),
    )
