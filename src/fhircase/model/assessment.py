"""What was asked and answered, by which instrument, and what it came to; satisfaction is asked in the same way."""

from typing import Literal, Self

from pydantic import ConfigDict, model_validator

from fhircase.model.base import Item, ItemId, Many, Text, Uri, Value
from fhircase.model.time import Day, Moment
from fhircase.model.value import Coding, Concept, Exact, Link, Quantity

AssessmentStatus = Literal["unspecified", "in-progress", "completed", "amended", "stopped", "entered-in-error"]
ScoreStatus = Literal[
    "unspecified", "registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error"
]


class Answer(Value):
    """One answer: exactly one of its fields."""

    model_config = ConfigDict(json_schema_extra={"maxProperties": 1})

    value: Quantity | Text | bool | int | None = None
    choice: Coding | None = None
    number: Exact | None = None
    day: Day | None = None
    at: Moment | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if sum(getattr(self, name) is not None for name in type(self).model_fields) != 1:
            raise ValueError("an answer is exactly one of value, choice, number, day and at")
        return self


class Question(Value):
    """A question as it was put, and its answers; none if it was left open."""

    number: Text
    """What the instrument calls it."""
    text: Text | None = None
    answers: Many[Answer] = ()


class Assessment(Item):
    """An instrument, filled in about the client."""

    status: AssessmentStatus = "unspecified"
    instrument: Uri | None = None
    """The canonical URL of the questionnaire."""
    title: Text | None = None
    """What people call the instrument; all that is known of one that has no URL."""
    at: Moment | None = None
    by: Link | None = None
    """Who wrote the answers down."""
    answered_by: Link | None = None
    questions: Many[Question] = ()


class Score(Item):
    """What an assessment came to, or another measure of the client."""

    status: ScoreStatus = "unspecified"
    what: Concept | None = None
    value: Quantity | Concept | Text | bool | int | None = None
    at: Moment | None = None
    by: Link | None = None
    meaning: Concept | None = None
    """What the value says of the client."""
    assessments: Many[ItemId] = ()
    """Ids of the case's assessments that it is made of."""
