"""What came of what was done, where that is recorded, and what it costs."""

from decimal import Decimal

from fhircase.model import Concept, Link, Money
from fhircase.records.sample.cases import Story
from fhircase.records.sample.chance import Chance
from fhircase.records.sample.days import day, moment
from fhircase.records.sample.words import NAMESPACE, concept, known_as, words


def cost(chance: Chance) -> Money | None:
    """What something costs, where anybody wrote it down."""
    amount = chance.deal("cost", ("85.00", "12.5", "240", None, None, None))
    return Money(value=Decimal(amount), currency="USD") if amount else None


def outcomes(chance: Chance) -> tuple[Concept, ...]:
    """What came of something."""
    return (concept(chance.deal("outcome", words()["referral"]["results"])),) if chance.one_in(2, "outcomes") else ()


def evidence(kind: str, story: Story, chance: Chance) -> tuple[Link, ...]:
    """Where it is recorded."""
    return (known_as(f"{NAMESPACE}/{kind}", f"{story.number:05}"),) if chance.one_in(2, "evidence") else ()


def later(number: int, chance: Chance) -> str | None:
    """When something may be acted upon, if not at once."""
    return chance.deal("later", (day(number), moment(number, chance), None))
