"""Push and pull over HAPI FHIR servers that refuse what is not valid: what holds on SEKMET holds there, R4 and R5."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.journey import test_hospital_and_agency
from tests.worker import test_pull, test_push
from tests.world import World, answered, but, lines

from fhircase.client import FHIRClient
from fhircase.config import Config
from fhircase.demo import population, proof
from fhircase.errors import Conflict
from fhircase.fhir import bundle
from fhircase.model import CarePlan, Case, Key, Record, Referral
from fhircase.records.sample import MRN, sample
from fhircase.wiring import Site, open_site
from fhircase.worker.texts import record_of

pytestmark = pytest.mark.interop

VERSIONS = ("R4", "R5")
CLIENTS = 12
ODD = r"C-1:2|3,4\5$6&7+8 9%/é"

ELSEWHERE = {
    # They look into resources as R4 has them.
    "test_a_caseload_goes_over_with_references_between_its_records",
    "test_a_small_batch_size_makes_no_difference_to_what_is_there",
    # HAPI deletes nothing that something else refers to.
    "test_what_was_deleted_there_is_not_made_again",
    "test_a_part_that_was_deleted_is_told",
    "test_a_record_of_which_a_part_was_deleted_stays_refused_whatever_is_said_again",
}


# -- the sentences that hold on SEKMET ----------------------------------------------------------------


@pytest.fixture(params=VERSIONS)
def world(request: pytest.FixtureRequest, hapi: Callable[..., str], tmp_path: Path) -> Iterator[World]:
    world = World(hapi(request.param, validating=True), tmp_path, fhir=request.param)
    yield world
    world.close()


for sentences in (test_push, test_pull, test_hospital_and_agency):
    told = {name: sentence for name, sentence in vars(sentences).items() if name.startswith("test_")}
    globals().update({name: sentence for name, sentence in told.items() if name not in ELSEWHERE})


def test_signs_that_searches_use_may_stand_in_identifiers(world: World) -> None:
    world.patient(0)
    case = but(world.case(0), key=world.key("case", ODD))
    assert world.hospital("first").push(lines([case])).outstanding == 0
    report = world.hospital("second").push(lines([case]))
    assert (report.created, report.outstanding, world.doubled()) == (0, 0, [])


@pytest.mark.parametrize("kind", ["CareTeam", "Goal"])
def test_what_sekmet_cannot_search_is_made_once_too(world: World, kind: str) -> None:
    world.patient(0)
    for ledger in ("first", "second"):
        assert world.hospital(ledger).push(lines(world.caseload(1))).outstanding == 0
    assert len(list(filter(world.owns, world.client.search(kind)))) == 1


# -- a sample caseload --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Town:
    """A server with the people and organizations of a caseload, as an EHR has them."""

    fhir: str
    client: FHIRClient
    folder: Path
    caseload: tuple[Record, ...]

    def site(self, name: str, **settings: object) -> Site:
        server = {"url": self.client.base_url, "fhir": self.fhir, **settings}
        return open_site(Config.model_validate({"ledger": str(self.folder / name), "servers": {"ehr": server}}), "ehr")

    def hospital(self) -> Site:
        """The hospital, whose ledger lasts as long as the town: whatever was sent before is sent."""
        return self.site("hospital", patient_identifiers=[MRN])

    def shared(self, kind: type[Record], number: int) -> Record:
        """One record of a kind, for one test alone."""
        return [record for record in self.caseload if isinstance(record, kind)][number]

    def on_server(self, kind: str, key: Key) -> dict[str, Any]:
        [found] = self.client.search(kind, {"identifier": f"{key.namespace}/{key.kind}|{key.value}"})
        return found


@pytest.fixture(scope="module", params=VERSIONS)
def town(
    request: pytest.FixtureRequest, hapi: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    fhir, caseload = request.param, tuple(sample(CLIENTS, 7))
    with FHIRClient(hapi(fhir, validating=True)) as client:
        client.transaction(map(bundle.create, [*population.organizations(), *population.people(caseload, fhir)]))
        yield Town(fhir, client, tmp_path_factory.mktemp("town"), caseload)


@pytest.fixture
def hospital(town: Town) -> Iterator[Site]:
    with town.hospital() as hospital:
        report = hospital.push(lines(town.caseload))
        assert (report.stopped, report.outstanding) == ("", 0), (report.refused, report.held, report.owed)
        hospital.pull()
        yield hospital


def proven(town: Town, hospital: Site) -> list[str]:
    """What is missing, doubled or different on the server, of all that the hospital believes to be there."""
    expected = {record.key: record for record in (record_of(kept.current) for kept in hospital.ledger.scan())}
    findings = proof.proof(_of_the_town(proof.everything(town.client, town.fhir)), expected, town.fhir)
    return [wrong for finding in findings for wrong in finding.wrong]


def _of_the_town(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The town's people and all that is about them; other tests have others on the same server."""
    people = {
        f"Patient/{each['id']}"
        for each in resources
        if each["resourceType"] == "Patient"
        and any(identifier.get("system") == MRN for identifier in each.get("identifier", ()))
    }
    about = ("subject", "for", "patient")
    return [
        each
        for each in resources
        if f"{each['resourceType']}/{each['id']}" in people
        or any(each.get(name, {}).get("reference") in people for name in about)
    ]


def test_a_sample_caseload_is_accepted_whole_and_nothing_is_doubled(town: Town, hospital: Site) -> None:
    assert hospital.status()["servers"]["ehr"] == {
        "agreed": len(town.caseload),
        "owed": 0,
        "conflicts": 0,
        "refused": 0,
        "held": 0,
    }
    assert proven(town, hospital) == []


def test_pushed_again_it_sends_nothing_and_pulled_it_echoes_nothing(town: Town, hospital: Site) -> None:
    again = hospital.push(lines(town.caseload))
    assert (again.sent, again.requests, again.outstanding) == (0, 0, 0)
    report = hospital.pull()
    assert (report.changes, report.refused, report.stopped, report.unasked) == ((), (), "", ())
    assert report.echoes > 0


def test_a_partners_edit_is_pulled_and_yesterdays_file_reverts_nothing(town: Town, hospital: Site) -> None:
    case = town.shared(Case, 1)
    task = town.on_server("Task", case.key)
    stored = town.client.read("Task", task["id"])
    note = {"text": "seen by a partner"}
    edited = {**stored.resource, "note": [*stored.resource.get("note", ()), note]}
    town.client.update(edited, if_match=stored.etag)
    with pytest.raises(Conflict):
        town.client.update(edited, if_match=stored.etag)

    [(change, news)] = hospital.pull().changes
    assert (change.fields, news.key, news.notes[-1].text) == (("notes",), case.key, "seen by a partner")
    spaced = [(text.rstrip() + b" ", record) for text, record in lines(town.caseload)]
    for yesterday in (lines(town.caseload), spaced):
        report = hospital.push(yesterday)
        assert (report.sent, report.requests, report.outstanding) == (0, 0, 0)
    assert town.on_server("Task", case.key)["note"][-1]["text"] == "seen by a partner"


def test_changes_of_both_sides_to_different_fields_are_both_there(town: Town, hospital: Site) -> None:
    plan = town.shared(CarePlan, 2)
    theirs = town.on_server("CarePlan", plan.key)
    town.client.update({**theirs, "description": "said there"})
    report = hospital.push(lines([but(plan, title="said here")]))

    assert (report.stopped, report.outstanding, report.conflicts) == ("", 0, ())
    both = town.on_server("CarePlan", plan.key)
    assert (both["title"], both["description"]) == ("said here", "said there")
    [(change, _)] = hospital.pull().changes
    assert change.fields == ("description",)


def test_an_agency_answers_and_the_hospital_sees_the_outcome(town: Town, hospital: Site) -> None:
    asked = next(
        record
        for record in town.caseload
        if isinstance(record, Referral)
        and record.status == "sent"
        and [offer.status for offer in record.offers] == ["sent"]
    )
    us = asked.offers[0].agency.identifier
    with town.site("agency", organization=f"{us.system}|{us.value}") as agency:
        referral = next(record for _, record in agency.pull().changes if record.key == asked.key)
        for status in ("accepted", "completed"):
            referral = answered(referral, status)
            report = agency.push(lines([referral]))
            assert (report.stopped, report.outstanding) == ("", 0), report.refused
            assert agency.pull().changes == ()
            [(_, news)] = hospital.pull().changes
            assert (news.key, news.offers[0].status) == (asked.key, status)
    assert news.offers[0].outcomes[0].what.text == "food box"
    assert proven(town, hospital) == []
