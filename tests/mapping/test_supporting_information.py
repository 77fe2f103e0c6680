"""What stands in one list of a resource and is several things: documents, a consent, links to other information."""

from typing import Any

from tests.mapping.examples import BOTH, PLAN, REFERRAL, but, every, key, only, written

from fhircase.mapping import from_fhir, to_fhir
from fhircase.model import Attachment, Consent, ConsentData, Document, Link, Offer

LETTER = Attachment(
    id="d1", status="current", document=Document(title="Letter", url="https://x.example/1", size=12_000_000_000)
)
LABS = Link(reference="Observation/5")
WITH = but(
    REFERRAL,
    attachments=(LETTER,),
    information=(LABS,),
    consent=Link(identifier={"system": "https://x.example/consents", "value": "7"}),
)


def supporting(resources: Any, fhir: str) -> list[dict[str, Any]]:
    found = only(resources, "ServiceRequest")["supportingInfo"]
    return found if fhir == "R4" else [each["reference"] for each in found]


@BOTH
def test_a_document_a_consent_and_other_information_share_a_list(fhir: str) -> None:
    resources = written(WITH, fhir)
    document = only(resources, "DocumentReference")
    assert document["content"][0]["attachment"]["title"] == "Letter"
    consent = {"identifier": {"system": "https://x.example/consents", "value": "7"}, "type": "Consent"}
    references = supporting(resources, fhir)
    assert len(references) == 3
    assert consent in references
    assert {"reference": f"urn:uuid:{document['id']}"} in references
    assert {"reference": "Observation/5"} in references
    assert from_fhir(resources, fhir).record == WITH


@BOTH
def test_a_size_is_a_number_in_r4_and_a_text_in_r5(fhir: str) -> None:
    size = only(written(WITH, fhir), "DocumentReference")["content"][0]["attachment"]["size"]
    assert size == (12_000_000_000 if fhir == "R4" else "12000000000")


@BOTH
def test_inline_data_of_a_document_stays_when_its_title_changes(fhir: str) -> None:
    there = written(WITH, fhir)
    only(there, "DocumentReference")["content"][0]["attachment"]["data"] = "aGVsbG8="
    named = but(LETTER, document=but(LETTER.document, title="Other"))
    again = only(to_fhir(but(WITH, attachments=(named,)), fhir, onto=there), "DocumentReference")
    assert again["content"][0]["attachment"]["data"] == "aGVsbG8="
    assert again["content"][0]["attachment"]["title"] == "Other"


@BOTH
def test_taking_one_out_leaves_the_others_where_they_are(fhir: str) -> None:
    there = written(WITH, fhir)
    for gone in ("attachments", "information", "consent"):
        without = but(WITH, **{gone: None if gone == "consent" else ()})
        again = to_fhir(without, fhir, onto=there)
        kept = supporting(again, fhir)
        assert kept == [each for each in supporting(there, fhir) if each in kept]
        assert len(kept) == 2
        assert from_fhir(again, fhir).record == without


@BOTH
def test_a_document_of_the_ehr_is_an_attachment_known_by_its_id(fhir: str) -> None:
    there = written(REFERRAL, fhir)
    reference = {"reference": "DocumentReference/77"}
    only(there, "ServiceRequest")["supportingInfo"] = [reference if fhir == "R4" else {"reference": reference}]
    document = {"resourceType": "DocumentReference", "id": "77", "status": "current", "content": [{"attachment": {}}]}
    read = from_fhir([*there, document], fhir).record
    assert [each.id for each in read.attachments] == ["77"]
    assert read.information == ()
    alone = from_fhir(there, fhir).record
    assert alone.information == (Link(reference="DocumentReference/77"),), "without the document it is a link"


@BOTH
def test_an_offer_has_information_of_its_own(fhir: str) -> None:
    offer = Offer(id="o1", status="sent", information=(LABS,), insurance=(Link(reference="Coverage/1"),))
    (task,) = every(to_fhir(but(REFERRAL, offers=(offer,)), fhir), "Task")
    assert task["input"][0]["type"]["coding"][0]["code"] == "additional-content"
    assert task["input"][0]["valueReference"] == {"reference": "Observation/5"}
    assert task["insurance"] == [{"reference": "Coverage/1"}]


@BOTH
def test_the_clients_agreement_to_a_plan_is_a_consent_that_the_plan_names(fhir: str) -> None:
    plan = Link(record=key("care-plan", "P-1"))
    agreed = Consent(
        id="a1", status="active", kind="treatment", decision="permit", data=(ConsentData(what=plan, reach="instance"),)
    )
    record = but(PLAN, agreements=(agreed,), information=(LABS,))
    resources = to_fhir(record, fhir)
    consent = only(resources, "Consent")
    assert {"reference": f"urn:uuid:{consent['id']}"} in only(resources, "CarePlan")["supportingInfo"]
    provision = consent["provision"] if fhir == "R4" else consent["provision"][0]
    assert provision["data"][0]["reference"]["identifier"]["value"] == "P-1"
    assert from_fhir(resources, fhir).record == record
    again = to_fhir(but(record, agreements=()), fhir, onto=resources)
    assert only(again, "CarePlan")["supportingInfo"] == [{"reference": "Observation/5"}]
    assert only(again, "Consent")["status"] == "inactive"
