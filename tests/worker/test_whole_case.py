"""A case with all that comes of it goes to a real server, and somebody else reads the same there."""

from tests.world import but, lines

from fhircase.model import (
    Answer,
    Assessment,
    Concept,
    Consent,
    Contact,
    Coverage,
    Link,
    Question,
    Score,
    Visit,
)


def whole(world, payer):
    return but(
        world.case(0),
        consents=(Consent(id="c1", status="active", kind="disclosure", decision="permit"),),
        coverages=(Coverage(id="cov1", link=Link(reference=payer)),),
        assessments=(
            Assessment(
                id="a1",
                status="completed",
                title="Home safety",
                questions=(Question(number="1", answers=(Answer(value="yes"),)),),
            ),
        ),
        scores=(Score(id="s1", status="final", what=Concept(text="Safety"), value=7, assessments=("a1",)),),
        satisfaction=(Assessment(id="f1", status="completed", title="How was it?"),),
        contacts=(Contact(id="k1", status="missed", status_reason=Concept(text="no answer")),),
        visits=(Visit(id="w1", status="completed", what=Concept(text="Home visit")),),
    )


def test_a_whole_case_is_read_on_the_other_side_as_it_was_sent(world):
    patient = world.patient(0)
    made = world.client.create(
        {
            "resourceType": "Coverage",
            "status": "active",
            "beneficiary": {"reference": patient},
            "payor": [{"display": "Plan"}],
            "subscriberId": "S-1",
        }
    )
    payer = f"Coverage/{made.id}"
    before = world.client.read("Coverage", made.id).resource
    hospital = world.hospital()
    case = whole(world, payer)
    report = hospital.push(lines([case]))
    assert (report.outstanding, report.sent) == (0, 1)

    other = world.site("other", pull=["Task?code=case"])
    found = {record.key: record for _, record in other.pull().changes}
    read = found[case.key]
    for name in ("consents", "assessments", "scores", "satisfaction", "contacts", "visits"):
        assert getattr(read, name) == getattr(case, name), name
    (coverage,) = read.coverages
    assert (coverage.link, coverage.subscriber_id, coverage.payer) == (None, "S-1", Link(display="Plan"))
    assert hospital.push(lines([case])).requests == 0
    hospital.push(lines([but(case, status="monitoring")]))
    assert world.client.read("Coverage", made.id).resource == before
