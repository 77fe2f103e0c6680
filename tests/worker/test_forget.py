"""A person of whom every field of every record says something is forgotten: no byte stays in the ledger's files."""

import re
from typing import Any

import pytest
from tests.canaries import Filled, canaries, fields, overlays, own_fields
from tests.world import World, but, lines

from fhircase.fhir import jsontext
from fhircase.ledger import RecordKey, Remap, UnknownCode, Unread, open_ledger
from fhircase.model import RECORDS, Identifier, Record
from fhircase.records import as_line
from fhircase.wiring import Site
from fhircase.worker.forget import forget
from fhircase.worker.station import now

TURNS = 6
"""Records of each kind; so many that each choice of what a field holds is made once."""
OTHERS = 3


@pytest.fixture
def person(world: World) -> Identifier:
    token = Identifier(system=f"{world.namespace}/mrn", value="Zq700000x")
    of = [{"system": token.system, "value": token.value}, {"system": "urn:zq799998x", "value": "Zq799998x"}]
    world.client.create({"resourceType": "Patient", "identifier": of, "name": [{"family": "Zq799999x"}]})
    return token


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The overlays of a site with fields of its own."""
    return overlays(tmp_path_factory.mktemp("site"))


@pytest.fixture
def filled(world: World, person: Identifier, own: list[str]) -> Filled:
    return Filled(world.namespace, person, own_fields(tuple(own)))


CLOCKS = {"created", "msecs", "relativeCreated", "thread", "process"}
"""What a log record says of when and where it was made."""


def files(world: World) -> bytes:
    """All bytes of the ledger's files."""
    return b"".join(file.read_bytes() for file in sorted(world.folder.glob("hospital*")))


def known_elsewhere(world: World, record: Record) -> None:
    """Let parties that a record names by identifier be known on the server."""
    named = re.findall(rb'"identifier":\{"system":"(urn:[^"]+)","value":"([^"]+)"', as_line(record))
    for number, (system, value) in enumerate(named):
        token = {"system": system.decode(), "value": value.decode()}
        world.client.create({"resourceType": ("Organization", "Practitioner")[number % 2], "identifier": [token]})


def theirs(resource: dict[str, Any], field: str) -> bool:
    return bool(canaries(str(resource.get(field))))


def lived_through(world: World, site: Site, records: list[Record]) -> None:
    """All that can happen to records: sent, changed elsewhere, in conflict, unread, remapped, held by the brake."""
    report = site.push(lines(records))
    assert [(each.key.kind, each.reason) for each in (*report.refused, *report.held)] == []
    for kind, field in (("CarePlan", "title"), ("ServiceRequest", "patientInstruction"), ("Task", "description")):
        found = next(each for each in world.everything() if each["resourceType"] == kind and theirs(each, field))
        world.edit(found, **{field: "Zq799997x"})
    site.push(lines([but(each, title="Zq799996x") for each in records if each.key.kind == "care-plan"]))
    assert site.conflicts()
    assert site.pull().changes
    assert any(b"Zq799997x" in offer.text for offer in site.changes())
    keys = [RecordKey(each.key.kind, world.namespace, each.key.value) for each in records]
    for key in keys:
        site.ledger.keep_remap(Remap("ehr", key, "m", b'"Zq799993x"'), now=now())
    unread = [{"id": "Zq799994x", "identifier": [{"system": f"{world.namespace}/mrn", "value": "Zq700000x"}]}]
    unknown = RecordKey("referral", world.namespace, "Zq799992x"), (UnknownCode("t", "Zq799995x", "p"),)
    site.ledger.keep_unread(Unread("ehr", unknown[0], "m", jsontext.encode(unread), unknown[1]), now=now())


def test_the_records_say_something_in_every_field_of_the_model_and_of_the_site(filled, own):
    said = {filled.places.get(each) for record in filled.records(TURNS) for each in canaries(as_line(record))}
    added = own_fields(tuple(own))
    assert {model.__name__ for model in added} > {model.__name__ for model in RECORDS.values()}
    assert sorted(fields(*RECORDS.values(), *added.values()) - said) == []


def test_of_a_person_of_whom_everything_is_known_no_byte_stays(world, person, filled, own, logged):
    records = list(filled.records(TURNS))
    hospital = world.hospital(overlays=own)
    for record in records[:2]:
        known_elsewhere(world, record)
    for number in range(1, OTHERS):
        world.patient(number)
    hospital.push(lines(world.caseload(OTHERS)[3:]))
    lived_through(world, hospital, records)
    wrong = [but(record, notes=()) for record in records if getattr(record, "notes", ())]
    assert world.hospital(overlays=own, brake={"least": 0, "change": 1}).push(lines(wrong)).braked
    for each in world.sites:
        each.close()
    given = {each for record in records for each in canaries(as_line(record))}
    assert given <= canaries(files(world)), "what was never there proves nothing"

    with open_ledger(world.folder / "hospital") as ledger:
        remains = forget(ledger, f"{person.system}|{person.value}", now=now())
        assert (remains.records, remains.named_by) == (len(records), [])
        references = remains.references["ehr"]
        assert ledger.counts() == {"case": 2, "care-plan": 2, "referral": 2}
    left = files(world)
    assert canaries(left) == set()
    assert [each for each in references if re.search(rf"\b{each}\b".encode(), left)] == []

    # Threads and moments are numbers that can look like anything.
    said = [{name: each for name, each in vars(record).items() if name not in CLOCKS} for record in logged.records]
    told = canaries(str(said))
    assert {filled.places[each] for each in told} <= {
        ("Key", "value"),
        *((name, "id") for name, _ in fields(*RECORDS.values())),
    }


def test_of_a_client_whose_patients_were_merged_no_reference_stays(world):
    old = world.patient(0)
    site = world.hospital()
    site.push(lines(world.caseload(1)))
    site.pull()
    made = world.client.create({"resourceType": "Patient", "identifier": [world.token("mrn", "M9")]})
    new = f"Patient/{made.id}"
    dead = world.client.read(*old.split("/")).resource
    world.edit(dead, link=[{"other": {"reference": new}, "type": "replaced-by"}])
    site.pull()
    site.close()
    assert old.encode() in files(world)
    with open_ledger(world.folder / "hospital") as ledger:
        remains = forget(ledger, f"{world.namespace}/mrn|M0", now=now())
    assert {old, new} <= set(remains.references["ehr"])
    assert not [each for each in (old, new) if each.encode() in files(world)]


def test_a_party_whom_records_of_others_name_is_still_known(world):
    for number in range(2):
        world.patient(number)
    world.client.create({"resourceType": "Practitioner", "identifier": [world.token("staff", "S1")]})
    site = world.hospital()
    site.push(lines([world.case(0), world.case(1)]))
    name = f"party {world.namespace}/staff|S1"
    for number, known in ((0, True), (1, False)):
        forget(site.ledger, f"{world.namespace}/mrn|M{number}", now=now())
        assert bool(site.ledger.links("ehr", [name])) is known
