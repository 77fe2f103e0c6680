"""What the clients agreed to: their plans."""

from fhircase.model import Concept, Consent, ConsentData, Document, Link
from fhircase.records.sample.chance import Chance
from fhircase.records.sample.days import day, moment
from fhircase.records.sample.words import concept, ours, words


def agreements(plan: str, client: Link, on: int, chance: Chance) -> tuple[Consent, ...]:
    """What was agreed to on the day on which a plan was made."""
    if not chance.one_in(3, "agreement"):
        return ()
    return (
        Consent(
            id="a1",
            status="active",
            kind="treatment",
            categories=(_kind(),),
            given=chance.deal("agreed", (day(on), moment(on, chance))),
            given_by=(client,),
            source=Document(title="Plan, signed", form="application/pdf", made=day(on)),
            decision="permit",
            data=(ConsentData(what=ours("care-plan", plan), reach="instance"),),
        ),
    )


def _kind() -> Concept:
    return concept(words()["consent"]["agreement"])
