"""The reviews of cases and plans."""

from fhircase.model import Note, Review
from fhircase.model.review import ReviewStatus
from fhircase.records.sample.chance import Chance
from fhircase.records.sample.days import day, moment
from fhircase.records.sample.notes import notes
from fhircase.records.sample.words import concept, staff, words


def reviews(void: bool, due: int, last: int, chance: Chance) -> tuple[Review, ...]:  # noqa: FBT001
    """A review that is due on a day, of something of which the last is known from another day."""
    text = words()["review"]
    status: ReviewStatus = "planned"
    if void:
        status = "entered-in-error"
    elif due < last:
        status = chance.deal("review", ("held", "held", "held", "missed", "cancelled", "unspecified"))
    held = status == "held"
    reason = text["reasons"].get(status)
    return (
        Review(
            id="v1",
            status=status,
            status_reason=concept(reason) if reason else None,
            due=chance.deal("review due", (day(due), moment(due, chance))),
            held=moment(due + 1, chance) if held else None,
            by=staff(chance.below(4)) if chance.one_in(2, "review by") else None,
            finding=chance.pick(text["findings"]) if held else None,
            decision=concept(chance.pick(text["decisions"])) if held else None,
            notes=_notes(due, chance.other("review notes")) if held else (),
        ),
    )


def _notes(due: int, chance: Chance) -> tuple[Note, ...]:
    return notes(words()["review"]["findings"], due, chance) if chance.one_in(4, "review note") else ()
