"""Only some clients' records go to a server, or for a while nothing does; what does not go is kept."""

import pytest
from tests.world import but, lines

from fhircase.cli import exits
from fhircase.ledger import RecordKey
from fhircase.model import Link, WorkItem
from fhircase.records import as_line


def token(world, number):
    return f"{world.namespace}/mrn|M{number}"


def keys(world, kind):
    names = (i["value"] for each in world.everything() if each["resourceType"] == kind for i in each["identifier"])
    return sorted(set(names))


@pytest.fixture
def clients(world):
    for number in range(2):
        world.patient(number)


def test_only_records_of_clients_in_the_pilot_go(world, clients):
    site = world.hospital(pilot=[token(world, 0)])
    report = site.push(lines(world.caseload(2)))

    assert (report.sent, report.outside, report.outstanding) == (3, 3, 0)
    assert (keys(world, "EpisodeOfCare"), keys(world, "ServiceRequest")) == (["C-0"], ["R-0"])
    assert sum(site.status()["servers"]["ehr"].values()) == 3


def test_when_the_list_grows_the_others_go_without_being_given_again(world, clients):
    world.hospital(pilot=[token(world, 0)]).push(lines(world.caseload(2)))
    report = world.hospital(pilot=[token(world, 0), token(world, 1)]).push()
    assert (report.sent, report.outstanding, world.doubled()) == (3, 0, [])
    assert keys(world, "EpisodeOfCare") == ["C-0", "C-1"]


def test_changes_of_others_are_kept_and_go_as_they_are_when_the_list_grows(world, clients):
    site = world.hospital(pilot=[token(world, 0)])
    site.push(lines(world.caseload(2)))
    assert site.push(lines([but(world.plan(1), title="newer")])).requests == 0
    world.hospital().push()
    assert world.one("CarePlan", "care-plan", "P-1")["title"] == "newer"


def test_a_reference_to_what_is_outside_stays_an_identifier(world, clients):
    stranger = but(world.referral(0), case=Link(record=world.key("case", "C-1")), needs=())
    world.hospital(pilot=[token(world, 0)]).push(lines([world.case(0), world.case(1), world.plan(0), stranger]))
    referral = world.one("ServiceRequest", "referral", "R-0")
    [named] = [e["valueReference"] for e in referral["extension"] if "valueReference" in e]
    assert "reference" not in named
    assert named["identifier"]["value"] == "C-1"


def test_a_record_is_its_cases_clients_also_when_the_case_comes_later(world, clients):
    plan = but(world.plan(0), client=None)
    report = world.hospital(pilot=[token(world, 1)]).push(lines([plan, world.case(0)]))
    assert (report.sent, report.outside) == (0, 2)
    other = but(plan, key=world.key("care-plan", "P-1"), case=Link(record=world.key("case", "C-1")), needs=())
    site = world.hospital("second", pilot=[token(world, 1)])
    assert site.push(lines([other, world.case(1)])).outside == 0


def test_what_is_owed_of_a_client_who_was_taken_off_the_list_is_held(world, clients):
    with world.hospital(url="http://127.0.0.1:9/fhir", pilot=[token(world, 0), token(world, 1)]) as unreachable:
        unreachable.push(lines(world.caseload(2)))
    report = world.hospital(pilot=[token(world, 0)]).push()
    assert {(each.key.value, each.code) for each in report.held} == {
        ("C-1", "pilot"),
        ("P-1", "pilot"),
        ("R-1", "pilot"),
    }
    assert keys(world, "EpisodeOfCare") == ["C-0"]
    assert world.hospital().push().outstanding == 0
    assert keys(world, "EpisodeOfCare") == ["C-0", "C-1"]


def test_a_paused_server_is_sent_and_asked_nothing_and_takes_in_all_the_same(world, clients, run, tmp_path):
    settings = f'patient_identifiers = ["{world.namespace}/mrn"]\n[servers.ehr]\nurl = "{world.url}"\n'
    (tmp_path / "fhircase.toml").write_text(settings, encoding="utf-8")
    assert run("pause", "ehr", "--reason", "they upgrade").exit_code == exits.DONE
    text = b"".join(map(as_line, world.caseload(1)))
    for arguments in (("push", "--server", "ehr", "-"), ("sync", "--server", "ehr", "-"), ("pull", "--server", "ehr")):
        result = run(*arguments, stdin=text if "-" in arguments else b"")
        assert result.exit_code == exits.OWED
        assert "they upgrade; `fhircase resume ehr` ends it" in result.stderr
    assert list(world.everything()) == []
    assert '"owed": 3' in run("status", "--json").stdout
    assert run("remap", "--go", "--server", "ehr").exit_code == exits.OWED

    assert "goes on" in run("resume", "ehr").stderr
    assert run("push", "--server", "ehr", "-").exit_code == exits.DONE
    assert keys(world, "EpisodeOfCare") == ["C-0"]
    assert "was not paused" in run("resume", "ehr").stderr


def test_a_server_that_no_setting_names_cannot_be_paused(run):
    assert run("pause", "ehr").exit_code == exits.USAGE


def test_a_pilot_in_a_file_has_one_client_a_line(world, clients, run, tmp_path):
    settings = (
        f'patient_identifiers = ["{world.namespace}/mrn"]\n[servers.ehr]\nurl = "{world.url}"\npilot_file = "p"\n'
    )
    (tmp_path / "fhircase.toml").write_text(settings, encoding="utf-8")
    text = b"".join(map(as_line, world.caseload(2)))
    assert "cannot be read" in run("push", "--server", "ehr", "-", stdin=text).stderr
    (tmp_path / "p").write_text(f"# first week\n{token(world, 1)}\nM0\n", encoding="utf-8")
    wrong = run("push", "--server", "ehr", "-", stdin=text)
    assert (wrong.exit_code, "p:3: not an identifier" in wrong.stderr) == (exits.USAGE, True)
    (tmp_path / "p").write_text(f"# first week\n\n{token(world, 1)}\n", encoding="utf-8")
    result = run("push", "--server", "ehr", "-", stdin=text)
    assert (result.exit_code, "not in the pilot" in result.stdout) == (exits.DONE, True)
    assert keys(world, "EpisodeOfCare") == ["C-1"]


def test_records_of_nobody_do_not_go_to_a_pilot(world):
    item = WorkItem(key=world.key("work-item", "W"), nature="task", status="requested", intent="order")
    report = world.hospital(pilot=[token(world, 0)]).push(lines([item]))
    assert (report.outside, report.requests) == (1, 0)
    assert RecordKey("work-item", world.namespace, "W") in {each.key for each in world.sites[0].ledger.scan()}
