"""Who pays is linked, read where it is at hand, and never written once it is there."""

from typing import Any

from tests.mapping.examples import BOTH, CASE, but, only

from fhircase.mapping import from_fhir, to_fhir, write
from fhircase.model import Authorisation, Coverage, Link

LINKED = but(
    CASE,
    coverages=(Coverage(id="c1", link=Link(reference="Coverage/7")),),
    authorisations=(Authorisation(id="u1", link=Link(reference="ClaimResponse/8")),),
)
ANSWER = {
    "resourceType": "ClaimResponse",
    "id": "8",
    "status": "active",
    "preAuthRef": "PA-1",
    "preAuthPeriod": {"end": "2026-12-31"},
    "addItem": [{"productOrService": {"text": "Visits"}, "quantity": {"value": 12}}],
}


def coverage(fhir: str) -> dict[str, Any]:
    own = {"payor": [{"display": "Plan"}]} if fhir == "R4" else {"insurer": {"display": "Plan"}, "kind": "insurance"}
    return {"resourceType": "Coverage", "id": "7", "status": "active", "period": {"start": "2026"}, **own}


@BOTH
def test_a_link_stays_a_link_while_nothing_else_is_known(fhir: str) -> None:
    resources = to_fhir(LINKED, fhir)
    assert {resource["resourceType"] for resource in resources}.isdisjoint({"Coverage", "ClaimResponse"})
    assert from_fhir(resources, fhir).record == LINKED


@BOTH
def test_what_is_at_hand_is_read_in_full(fhir: str) -> None:
    record = from_fhir([*to_fhir(LINKED, fhir), coverage(fhir), ANSWER], fhir).record
    (paid,), (allowed,) = record.coverages, record.authorisations
    assert (paid.id, paid.link, paid.payer, paid.status) == ("c1", None, Link(display="Plan"), "active")
    assert (allowed.id, allowed.number, allowed.period.end) == ("u1", "PA-1", "2026-12-31")
    assert [(each.what.text, str(each.quantity.value)) for each in allowed.services] == [("Visits", "12")]


@BOTH
def test_what_belongs_to_the_payer_is_marked_as_such_and_stays_as_it_is(fhir: str) -> None:
    there = [*to_fhir(LINKED, fhir), coverage(fhir), ANSWER]
    record = from_fhir(there, fhir).record
    placed = write(but(record, notes=()), fhir, onto=there)
    linked = {each.resource["resourceType"] for each in placed if each.linked}
    assert linked == {"Coverage", "ClaimResponse"}
    assert not any(each.changed for each in placed if each.linked)


@BOTH
def test_another_link_takes_the_place_of_what_was_known(fhir: str) -> None:
    there = [*to_fhir(LINKED, fhir), coverage(fhir)]
    other = but(from_fhir(there, fhir).record, coverages=(Coverage(id="c1", link=Link(reference="Coverage/9")),))
    written = to_fhir(other, fhir, onto=there)
    assert only(written, "Task")["insurance"][0]["reference"] == "Coverage/9"
    assert only(written, "Coverage") == coverage(fhir)
    assert from_fhir(written, fhir).record == other
