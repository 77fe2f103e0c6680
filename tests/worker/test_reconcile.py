"""Both sides compared completely, with a ledger, without one, and put right where that is safe."""

import json
from dataclasses import replace

from tests.world import but, lines
from typer.testing import CliRunner

from fhircase.cli import app, exits
from fhircase.ledger import RecordKey, State
from fhircase.worker.sweep import swept


def pushed(world, clients=1):
    for number in range(clients):
        world.patient(number)
    hospital = world.hospital()
    assert hospital.push(lines(world.caseload(clients))).outstanding == 0
    hospital.pull()
    return hospital


def stand(found):
    assert found.stopped == ""
    return sorted((each.key.value, str(each.stands), each.repaired) for each in found.findings)


def test_what_is_the_same_on_both_sides_is_counted_and_nothing_is_written(world):
    hospital = pushed(world, 2)
    found = hospital.reconcile()
    assert (found.counts["same"], found.findings, found.open) == (6, [], 0)


def test_each_side_may_be_newer(world):
    hospital = pushed(world, 2)
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="theirs")
    with world.hospital(url="http://127.0.0.1:9/fhir") as offline:
        offline.push(lines([but(world.plan(1), title="ours")]))
    found = hospital.reconcile()
    assert stand(found) == [("P-0", "theirs newer", False), ("P-1", "ours newer", False)]
    assert [(each.ours, each.theirs) for each in found.findings] == [((), ("title",)), (("title",), ())]
    assert found.open == 2
    assert hospital.ledger.changes() == [], "looking changes nothing"

    assert stand(hospital.reconcile(repair=True)) == [("P-0", "theirs newer", True), ("P-1", "ours newer", True)]
    assert [record.title for _, record in hospital.pull().changes] == ["theirs"]
    hospital.push()
    assert hospital.reconcile().findings == []
    titles = [world.one("CarePlan", "care-plan", f"P-{number}")["title"] for number in range(2)]
    assert titles == ["theirs", "ours"]


def test_what_both_sides_changed_is_merged_and_then_owed(world):
    hospital = pushed(world)
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="theirs")
    with world.hospital(url="http://127.0.0.1:9/fhir") as offline:
        offline.push(lines([but(world.plan(0), description="ours")]))
    [finding] = hospital.reconcile(repair=True).findings
    assert (finding.ours, finding.theirs) == (("description",), ("title",))
    hospital.push()
    plan = world.one("CarePlan", "care-plan", "P-0")
    assert (plan["title"], plan["description"]) == ("theirs", "ours")


def test_what_was_deleted_there_is_named_and_never_made_again(world):
    hospital = pushed(world)
    gone = world.one("CarePlan", "care-plan", "P-0")["id"]
    world.client.delete("CarePlan", gone)
    for repair in (False, True):
        found = hospital.reconcile(repair=repair)
        [finding] = found.findings
        assert (finding.key.value, str(finding.stands), finding.repaired) == ("P-0", "missing there", False)
        assert f"CarePlan/{gone} was deleted there" in finding.hint or "a part of it is gone" in finding.hint
    hospital.push()
    assert not any(each["resourceType"] == "CarePlan" for each in world.everything())


def test_what_the_server_never_saw_is_sent_anew(world):
    """As after the server itself was restored from a backup that is older than the record."""
    hospital = pushed(world)
    world.patient(7)
    hospital.push(lines([world.referral(7)]))
    key = RecordKey("referral", world.namespace, "R-7")
    now = hospital.ledger.deliveries("ehr", [key])[key].since
    for row in hospital.ledger.resources("ehr", [key])[key]:
        kind, _, id_ = row.reference.partition("/")
        world.client.delete(kind, id_)
        never = replace(
            row, reference=f"{kind}/never-{kind}", agreed=row.agreed.replace(id_.encode(), b"never-%s" % kind.encode())
        )
        hospital.ledger.keep_resources([never], now=now)
    assert stand(hospital.reconcile()) == [("R-7", "missing there", False)]
    assert stand(hospital.reconcile(repair=True)) == [("R-7", "missing there", True)]
    assert hospital.push().created == 2
    assert hospital.reconcile().findings == []
    assert world.doubled() == []


def test_a_lost_ledger_is_filled_from_the_server(world):
    first = pushed(world, 2)
    records = {record.key: record.current for record in first.ledger.scan()}
    second = world.hospital("second")
    found = second.reconcile([world.namespace])
    assert (found.counts["missing here"], found.counts["same"], len(found.findings)) == (6, 0, 6)
    assert list(second.ledger.scan()) == []

    found = second.reconcile([world.namespace], repair=True)
    assert (found.counts["missing here"], found.open) == (6, 0)
    assert {record.key: record.current for record in second.ledger.scan()} == records
    assert second.reconcile([world.namespace]).counts["same"] == 6
    report = second.push(lines(world.caseload(2)))
    assert (report.created, report.updated, report.outstanding) == (0, 0, 0)


def test_the_sweep_yields_every_record_once_with_its_resources(world):
    first = pushed(world, 2)
    held = {
        record.key: {row.reference for row in first.ledger.resources("ehr", [record.key])[record.key]}
        for record in first.ledger.scan()
    }
    found = list(swept(world.hospital("second")._station(), [world.namespace]))
    assert len(found) == 6
    assert {each.key: {part.reference for part in each.parts} for each in found} == held


def test_what_is_there_twice_is_named_and_left(world):
    hospital = pushed(world)
    plan = world.one("CarePlan", "care-plan", "P-0")
    twin = world.client.create({name: value for name, value in plan.items() if name not in ("id", "meta")})
    found = hospital.reconcile(repair=True)
    assert stand(found) == [("P-0", "doubled", False)]
    assert set(found.findings[0].references) == {f"CarePlan/{plan['id']}", f"CarePlan/{twin.id}"}
    assert "delete the other" in found.findings[0].hint

    lost = world.hospital("second").reconcile([world.namespace])
    assert ("P-0", "doubled", False) in stand(lost)
    assert len([each for each in world.everything() if each["resourceType"] == "CarePlan"]) == 2


def test_on_the_command_line_what_differs_is_exit_4_until_it_is_put_right(world):
    hospital = pushed(world)
    world.edit(world.one("CarePlan", "care-plan", "P-0"), title="About Jo Doe")
    hospital.close()
    settings = world.folder / "fhircase.toml"
    settings.write_text(
        f'namespace = "{world.namespace}"\nledger = "hospital"\n[servers.ehr]\nurl = "{world.url}"\n', encoding="utf-8"
    )
    options = ["reconcile", "ehr", "--config", str(settings)]
    shown = CliRunner().invoke(app, options)
    assert (shown.exit_code, "Doe" in shown.output) == (exits.OWED, False)
    assert [word in shown.stdout for word in ("P-0", "theirs newer", "title", "pull, or --repair")] == [True] * 4
    repaired = CliRunner().invoke(app, [*options, "--repair", "--json"])
    data = json.loads(repaired.stdout)
    assert (repaired.exit_code, data["open"], data["counts"]["theirs newer"]) == (exits.DONE, 0, 1)
    assert CliRunner().invoke(app, options).exit_code == exits.DONE


def test_a_server_that_is_not_there_stops_it(world):
    hospital = pushed(world)
    hospital.close()
    with world.hospital(url="http://127.0.0.1:9/fhir") as offline:
        assert offline.reconcile().stopped
        assert offline.ledger.in_state(State.AGREED)
