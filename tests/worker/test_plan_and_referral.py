"""All that a plan and a referral can say goes over to a real server, and is there when it is read again."""

from decimal import Decimal
from typing import Any

from tests.world import but, lines

from fhircase.model import (
    Acceptance,
    Attachment,
    Concept,
    Consent,
    ConsentData,
    Document,
    Link,
    Money,
    Period,
    Review,
)

LABS = Link(reference="https://lab.example/fhir/Observation/5", display="Weight")


def test_what_plans_referrals_and_cases_say_survives_the_server(world: Any) -> None:
    world.patient(0)
    hospital = world.hospital()
    records = [case(world), plan(world), referral(world)]
    report = hospital.push(lines(records))
    assert (report.sent, report.outstanding) == (3, 0)
    assert [change.fields for change, _ in hospital.pull().changes] == []

    # Somebody else touches each of them; what comes back says that and all that was said before.
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="news")
    world.edit(world.one("ServiceRequest", "referral", "R-0"), patientInstruction="news")
    world.edit(world.one("Task", "review", "C-0:v1"), note=[{"text": "news"}])
    changes = {change.key.kind: (change.fields, record) for change, record in hospital.pull().changes}
    assert changes["care-plan"] == (("title",), but(records[1], title="news"))
    assert changes["referral"] == (("instructions",), but(records[2], instructions="news"))
    fields, news = changes["case"]
    assert [field.partition("[")[0] for field in fields] == ["reviews"]
    assert [note.text for note in news.reviews[0].notes] == ["news"]


def test_the_new_status_of_an_attachment_is_read(world: Any) -> None:
    world.patient(0)
    hospital = world.hospital()
    hospital.push(lines([case(world), plan(world), referral(world)]))
    (document,) = filter(world.owns, world.client.search("DocumentReference"))
    world.edit(document, status="superseded")
    [(change, record)] = hospital.pull().changes
    assert record.key == world.referral(0).key
    assert [attachment.status for attachment in record.attachments] == ["superseded"]
    assert all(field.startswith("attachments[") for field in change.fields)


def case(world: Any) -> Any:
    review = Review(id="v1", status="held", due="2026-05-01", held="2026-05-02", finding="On the way")
    return but(world.case(0), reviews=(review,))


def plan(world: Any) -> Any:
    record = world.plan(0)
    who = record.client
    agreed = Consent(
        id="a1",
        status="active",
        kind="treatment",
        decision="permit",
        given="2026-04-01",
        given_by=(who,),
        source=Document(title="Plan, signed"),
        data=(ConsentData(what=Link(record=record.key), reach="instance"),),
    )
    goal = but(
        record.goals[0],
        barriers=(Concept(text="No telephone"), record.needs[0]),
        strengths=(Concept(text="Keeps appointments"),),
        acceptances=(Acceptance(who=who, status="agree"),),
    )
    activity = but(
        record.activities[0], cost=Money(value=Decimal("85.5"), currency="USD"), outcomes=(Concept(text="Done"),)
    )
    return but(
        record,
        goals=(goal,),
        activities=(activity,),
        agreements=(agreed,),
        information=(LABS,),
        held_until="2026-04-02",
    )


def referral(world: Any) -> Any:
    record = world.referral(0)
    letter = Attachment(id="d1", status="current", document=Document(title="Letter", url="https://x.example/1", size=7))
    offer = but(record.offers[0], requested=Period(end="2026-06-01"), information=(LABS,), insurance=(LABS,))
    return but(
        record,
        offers=(offer,),
        attachments=(letter,),
        information=(LABS,),
        consent=Link(identifier=world.token("papers", "7")),
        insurance=(Link(display="A coverage"),),
        cost=Money(value=Decimal(12), currency="USD"),
    )
