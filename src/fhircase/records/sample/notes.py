"""Notes: who wrote them is known as a link, by name only, or not at all."""

from collections.abc import Sequence

from fhircase.model import Note
from fhircase.records.sample.chance import Chance
from fhircase.records.sample.days import moment
from fhircase.records.sample.words import staff, words


def notes(texts: Sequence[str], day: int, chance: Chance) -> tuple[Note, ...]:
    """One or two notes, written on that day or soon after."""
    return tuple(_note(chance.pick(texts), day + at, chance) for at in range(chance.deal("how many notes", (1, 1, 2))))


def _note(text: str, day: int, chance: Chance) -> Note:
    author = chance.deal("note author", (staff(chance.below(4)), chance.pick(words()["people"]["staff"]), None))
    return Note(
        text=text, at=moment(day, chance) if chance.deal("note at", (True, True, False)) else None, author=author
    )
