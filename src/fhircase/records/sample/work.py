"""What a case manager did in a case: assessments and what they came to, contacts and visits."""

from decimal import Decimal
from typing import Any, get_args

from fhircase.model import Answer, Assessment, Concept, Contact, Link, Period, Quantity, Question, Score, Visit
from fhircase.model.assessment import AssessmentStatus, ScoreStatus
from fhircase.model.contact import ContactStatus, VisitStatus
from fhircase.records.sample.chance import Chance
from fhircase.records.sample.days import day, moment
from fhircase.records.sample.notes import notes
from fhircase.records.sample.people import mrn
from fhircase.records.sample.words import MRN, coding, concept, known_as, words


def done(number: int, opened: int, manager: Link, chance: Chance) -> dict[str, Any]:
    """The assessments, scores, answers on satisfaction, contacts and visits of a case."""
    client = known_as(MRN, mrn(number))
    assessed = tuple(_assessment(f"a{at}", opened + at, manager, client, chance) for at in range(1, _many(chance)))
    return {
        "assessments": assessed,
        "scores": (_score(opened + 2, manager, assessed, chance),) if chance.one_in(2, "score") else (),
        "satisfaction": (_assessment("f1", opened + 30, manager, client, chance),) if chance.one_in(4, "asked") else (),
        "contacts": tuple(_contact(f"k{at}", opened + at, manager, client, chance) for at in range(1, _many(chance))),
        "visits": tuple(_visit(f"w{at}", opened + at, manager, chance) for at in range(1, _many(chance))),
    }


def _many(chance: Chance) -> int:
    return 1 + chance.deal("how many done", (0, 1, 1, 2))


def _assessment(id: str, on: int, by: Link, client: Link, chance: Chance) -> Assessment:
    text = words()["work"]
    statuses: tuple[AssessmentStatus, ...] = ("completed", "completed", *get_args(AssessmentStatus))
    return Assessment(
        id=id,
        status=chance.deal("assessment status", statuses),
        instrument=chance.deal("instrument", (*text["instruments"], None)),
        title=chance.pick(text["titles"]) if chance.one_in(2, "title") else None,
        at=moment(on, chance),
        by=by if chance.one_in(2, "by") else None,
        answered_by=client if chance.one_in(2, "answered by") else None,
        questions=_questions(on, chance),
    )


def _questions(on: int, chance: Chance) -> tuple[Question, ...]:
    text = words()["work"]
    answers = (
        Answer(value=True),
        Answer(value=3),
        Answer(value="My daughter, on weekends"),
        Answer(value=Quantity(value=Decimal("72.50"), unit="kg")),
        Answer(choice=coding(text["answer"])),
        Answer(number=Decimal("1.50")),
        Answer(day=day(on)),
        Answer(at=moment(on, chance)),
    )
    first = Question(number="1", text=text["questions"][0], answers=(chance.deal("answer", answers),))
    return first, Question(number="2", text=text["questions"][1])


def _score(on: int, by: Link, assessed: tuple[Assessment, ...], chance: Chance) -> Score:
    text = words()["work"]
    statuses: tuple[ScoreStatus, ...] = ("final", "final", *get_args(ScoreStatus))
    values: tuple[Quantity | Concept | str | bool | int, ...] = (
        Quantity(value=Decimal(14), unit="score"),
        Concept(text="Moderate"),
        "moderate",
        True,
        14,
    )
    return Score(
        id="s1",
        status=chance.deal("score status", statuses),
        what=concept(chance.deal("score what", text["scores"])),
        value=chance.deal("score value", values),
        at=moment(on, chance),
        by=by,
        meaning=concept(chance.pick(text["meanings"])) if chance.one_in(2, "meaning") else None,
        assessments=tuple(each.id for each in assessed[:1]),
    )


def _contact(id: str, on: int, by: Link, client: Link, chance: Chance) -> Contact:
    text = words()["work"]
    statuses: tuple[ContactStatus, ...] = ("completed", "completed", "missed", *get_args(ContactStatus))
    status = chance.deal("contact status", statuses)
    return Contact(
        id=id,
        status=status,
        status_reason=concept(text["missed"][0]) if status == "missed" else None,
        categories=(concept(text["contact_categories"][0]),) if chance.one_in(3, "contact category") else (),
        ways=(concept(chance.deal("way", text["ways"])),),
        subject=concept(chance.pick(text["subjects"])) if chance.one_in(2, "subject") else None,
        at=moment(on, chance),
        by=by,
        to=(client,),
        outcome=concept(chance.pick(text["outcomes"])) if chance.one_in(2, "contact outcome") else None,
        notes=notes(words()["case"]["notes"], on, chance) if chance.one_in(4, "contact note") else (),
    )


def _visit(id: str, on: int, by: Link, chance: Chance) -> Visit:
    text = words()["work"]
    statuses: tuple[VisitStatus, ...] = ("completed", "completed", *get_args(VisitStatus))
    start = moment(on, chance)
    return Visit(
        id=id,
        status=chance.deal("visit status", statuses),
        setting=coding(chance.deal("setting", text["settings"])),
        what=concept(chance.deal("visit", text["visits"])),
        period=Period(start=start, end=moment(on + 1, chance) if chance.one_in(3, "visit end") else None),
        time=Quantity(value=Decimal(45), unit="min", system="http://unitsofmeasure.org", code="min"),
        who=(by,),
    )
