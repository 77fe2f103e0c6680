"""What a push would change is seen before it, value by value, on the server's copy."""

from tests.world import World, but

from fhircase.cli import exits
from fhircase.records import as_line


def test_a_difference_is_shown_against_the_servers_copy_and_nothing_is_sent(run, sekmet, tmp_path):
    world = World(sekmet, tmp_path / "world")
    world.folder.mkdir()
    world.patient(0)
    (tmp_path / "fhircase.toml").write_text(
        f'ledger = "ledger"\n[servers.ehr]\nurl = "{sekmet}"\npatient_identifiers = ["{world.namespace}/mrn"]\n',
        encoding="utf-8",
    )
    (tmp_path / "plan.ndjson").write_bytes(b"".join(as_line(record) + b"\n" for record in world.caseload(1)))
    new = run("map", "plan.ndjson", "--diff", "--server", "ehr")
    assert "CarePlan/" in new.stdout
    assert " is new" in new.stdout
    assert list(world.everything()) == []

    assert run("push", "plan.ndjson", "--server", "ehr").exit_code == exits.DONE
    plan = world.one("CarePlan", "care-plan", "P-0")
    world.edit(plan, language="de")
    (tmp_path / "plan.ndjson").write_bytes(as_line(but(world.plan(0), title="another")) + b"\n")
    shown = run("map", "plan.ndjson", "--diff", "--server", "ehr")
    assert shown.stdout.splitlines()[0] == f"CarePlan/{plan['id']} (plan)"
    assert '  ~ /title: "plan" -> "another"' in shown.stdout
    assert "language" not in shown.stdout
    assert world.one("CarePlan", "care-plan", "P-0")["title"] == "plan"
    world.close()


def test_a_preview_without_diff_is_a_mistake(run, tmp_path):
    (tmp_path / "r.ndjson").write_bytes(b"")
    result = run("map", "r.ndjson", "--server", "ehr")
    assert result.exit_code == exits.USAGE
    assert "--diff" in result.stderr
