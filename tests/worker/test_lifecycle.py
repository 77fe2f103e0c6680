"""A ledger restored, copied back, verified, thinned and cleared of a person, against a real server."""

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from tests.world import but, lines

from fhircase.cli import exits
from fhircase.ledger import RecordKey, UnknownCode, Unread, open_ledger, restore_ledger
from fhircase.model import Note
from fhircase.records import as_line
from fhircase.worker.forget import forget
from fhircase.worker.retention import compact
from fhircase.worker.verify import verify

NOW = datetime.now(UTC)


@pytest.fixture
def hospital(world):
    for number in range(3):
        world.patient(number)
    site = world.hospital()
    site.push(lines(world.caseload(2)))
    site.pull()
    return site


def after_backup(world, site):
    """What goes on once the backup is made: own edits and new records, and edits of others."""
    export = [but(world.plan(0), title="ours since"), *world.caseload(3)[3:], world.case(0), world.referral(0)]
    assert site.push(lines(export)).outstanding == 0
    world.edit(world.one("CarePlan", "care-plan", "P-0"), description="theirs since")
    world.edit(world.one("CarePlan", "care-plan", "P-1"), description="theirs of old")
    site.pull()
    return export


def as_it_was(world):
    plans = [world.one("CarePlan", "care-plan", f"P-{number}") for number in range(3)]
    assert [plan.get("title") for plan in plans] == ["ours since", "plan", "plan"]
    assert [plan.get("description") for plan in plans[:2]] == ["theirs since", "theirs of old"]
    assert world.doubled() == []


def versions(world):
    return {(each["resourceType"], each["id"]): each["meta"]["versionId"] for each in world.everything()}


@pytest.mark.parametrize("opened", [True, False])
def test_yesterdays_backup_restored_doubles_nothing_and_reverts_nobody(world, hospital, opened):
    hospital.ledger.backup(str(world.folder / "backup"))
    export = after_backup(world, hospital)
    before = versions(world)
    if not opened:
        hospital.close()
        (world.folder / "hospital").unlink()
    restore_ledger(world.folder / "hospital", world.folder / "backup", now=NOW)
    assert "restored" in hospital.ledger.facts("ehr")

    report = hospital.push(lines(export))
    assert (report.outstanding, report.created, report.updated) == (0, 0, 0)
    assert hospital.pull().conflicts == ()
    as_it_was(world)
    assert versions(world) == before
    assert "restored" not in hospital.ledger.facts("ehr")


def test_a_push_after_a_restore_waits_for_a_pull_that_works(world, hospital):
    hospital.ledger.backup(str(world.folder / "backup"))
    restore_ledger(world.folder / "hospital", world.folder / "backup", now=NOW)
    with world.hospital(url="http://127.0.0.1:9/fhir") as away:
        report = away.push(lines([but(world.plan(0), title="newer")]))
    assert "a pull comes first" in report.stopped
    assert hospital.push().sent == 1


def test_a_file_that_is_simply_copied_back_reverts_nobody_either(world, hospital):
    hospital.close()
    shutil.copy(world.folder / "hospital", world.folder / "copy")
    export = after_backup(world, hospital)
    hospital.close()
    shutil.copy(world.folder / "copy", world.folder / "hospital")
    hospital.push(lines([but(world.case(1), notes=(Note(text="an edit on old ground"),)), *export]))
    hospital.pull()
    as_it_was(world)


def test_a_ledger_that_is_well_says_so_and_each_damage_is_named(world, hospital, run):
    path = str(world.folder / "hospital")
    assert list(verify(hospital.ledger)) == []
    hospital.close()
    well = run("ledger", "verify", "--ledger", path)
    assert (well.exit_code, "all is well" in well.stderr) == (exits.DONE, True)
    with closing(sqlite3.connect(path)) as file:
        file.execute("UPDATE records SET current = CAST('x' AS BLOB) WHERE value = 'C-0'")
        file.execute("UPDATE records SET current = CAST(replace(current, 'plan', 'plam') AS BLOB) WHERE value = 'P-0'")
        file.execute("UPDATE records SET local = (SELECT local FROM records WHERE value = 'R-0') WHERE value = 'R-1'")
        file.execute("UPDATE resources SET agreed = CAST('{}' AS BLOB) WHERE role = 'plan' AND record = 5")
        file.execute("UPDATE deliveries SET sent = 0 WHERE record = 4")
        file.execute("UPDATE deliveries SET record = 99 WHERE record = 6")
        file.commit()
    ill = run("ledger", "verify", "--ledger", path, "--json")
    assert ill.exit_code == exits.OWED
    found = "\n".join(json.loads(ill.stdout)["problems"])
    for named in (
        "deliveries: row",
        "C-0: the current text is no record",
        "P-0: the current text is",
        "R-1: the local text is of another record",
        "P-1, plan on ehr: the text is no FHIR JSON",
        "C-1 at ehr: agreed, though a newer revision was wanted than was sent",
    ):
        assert named in found, found


def test_a_record_is_shown_in_plain_words_and_values_only_on_demand(world, hospital, run):
    path = str(world.folder / "hospital")
    shown = run("ledger", "inspect", "care-plan/P-0", "--ledger", path)
    assert (shown.exit_code, "ehr: agreed" in shown.stdout, "CarePlan/" in shown.stdout) == (exits.DONE, True, True)
    assert '"title"' not in shown.stdout
    assert '"title": "plan"' in run("ledger", "inspect", "P-0", "--values", "--ledger", path).stdout
    assert run("ledger", "inspect", "nobody", "--ledger", path).exit_code == exits.USAGE
    overview = json.loads(run("ledger", "inspect", "--json", "--ledger", path).stdout)
    assert (overview["records"]["case"], overview["ehr"]["agreed"]) == (2, 6)


def test_an_export_holds_every_row(world, hospital, run):
    path = str(world.folder / "hospital")
    rows = [json.loads(line) for line in run("ledger", "export", "--ledger", path).stdout.splitlines()]
    total = 0
    with closing(sqlite3.connect(path)) as file:
        for [table] in file.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"):
            [count] = file.execute(f'SELECT count(*) FROM "{table}"').fetchone()  # noqa: S608
            assert sum(row["table"] == table for row in rows) == count, table
            total += count
    assert (rows[0]["table"], rows[-1]["table"], rows[-1]["rows"]) == ("ledger", "end", total)
    assert json.loads(next(row for row in rows if row["table"] == "records")["current"])["record"] == "case"


def test_backup_and_restore_as_a_person_does_them(world, hospital, run):
    path = str(world.folder / "hospital")
    assert run("ledger", "backup", "b", "--ledger", path).exit_code == exits.DONE
    assert run("ledger", "backup", "b", "--ledger", path).exit_code == exits.USAGE
    hospital.ledger.keep_fact("ehr", "x", "y", now=NOW)
    assert "pulls first" in run("ledger", "restore", "b", "--ledger", path).stderr
    assert "x" not in hospital.ledger.facts("ehr")
    assert run("ledger", "compact", "--ledger", path).exit_code == exits.DONE


def test_after_its_time_a_closed_record_is_thinned_and_stays_known(world, hospital):
    closing_ = [but(world.plan(0), status="completed"), world.plan(1)]
    hospital.push(lines(closing_))
    world.edit(world.one("CarePlan", "care-plan", "P-0"), description="a last word")
    hospital.pull()
    ledger, day = hospital.ledger, timedelta(days=1)
    texts = lambda: sum(change.text is not None for change in ledger.changes())  # noqa: E731
    before = texts()
    assert before >= 1
    assert compact(ledger, 400 * day, now=datetime.now(UTC)) == 0
    assert compact(ledger, 400 * day, now=datetime.now(UTC) + 401 * day) >= 1
    assert texts() < before
    assert hospital.push(lines([*closing_, *world.caseload(1)[::2]])).sent == 0


CANARY = "Zq7canary"
CODED = frozenset({"status", "record", "kind", "namespace", "system", "lifecycle", "domain", "id", "goals", "activity"})


def marked(record, word):
    """A record, as data, with a word of its own in every text of it that may hold one."""

    def mark(node, name=""):
        if isinstance(node, dict):
            return {key: mark(inner, key) for key, inner in node.items()}
        if isinstance(node, list):
            return [mark(inner, name) for inner in node]
        return f"{node}{word}" if isinstance(node, str) and name not in CODED else node

    return mark(json.loads(as_line(record)))


def test_a_client_who_is_forgotten_leaves_no_byte_in_the_ledgers_folder(world, hospital, run):
    site, ledger = hospital, hospital.ledger
    word = f"{CANARY}{world.namespace[-16:-8]}"
    token = f"{world.namespace}/mrn|M0{word}"
    world.client.create(
        {
            "resourceType": "Patient",
            "identifier": [{"system": f"{world.namespace}/mrn", "value": f"M0{word}"}],
            "name": [{"family": f"{word}2"}],
        }
    )
    case, plan = marked(world.case(0), word), marked(but(world.plan(0), needs=()), word)
    text = "\n".join(map(json.dumps, [case, plan])).encode()
    (world.folder / "fhircase.toml").write_text(
        f'ledger = "hospital"\npatient_identifiers = ["{world.namespace}/mrn"]\n[servers.ehr]\nurl = "{world.url}"\n'
    )
    pushed = run("push", "--server", "ehr", "-", stdin=text)
    assert pushed.exit_code == exits.DONE, pushed.stderr
    theirs = world.one("CarePlan", "care-plan", f"P-0{word}")
    world.edit(theirs, description=f"{word}8")
    site.pull()
    key, codes = RecordKey("care-plan", world.namespace, f"P-0{word}"), (UnknownCode("t", f"{word}c", "p"),)
    ledger.keep_unread(Unread("ehr", key, "m", f'[{{"resource":"{word}"}}]'.encode(), codes), now=NOW)
    cut = run("push", "--server", "ehr", "-", stdin=text.replace(b"active", b"on-hold") + b"\n{")
    assert cut.exit_code == exits.OWED
    assert found(world, word)

    site.close()
    shown = run("forget", token)
    assert shown.exit_code == exits.DONE, shown.stderr
    assert f"still on ehr, where others decide: CarePlan/{theirs['id']}" in shown.stderr
    assert found(world, word) == []
    with open_ledger(world.folder / "hospital") as kept:
        assert list(verify(kept)) == []
        assert kept.counts() == {"case": 2, "care-plan": 2, "referral": 2}

    for given in (text, text.splitlines()[1]):
        again = run("push", "--server", "ehr", "-", stdin=given)
        assert (again.exit_code, "the client was forgotten" in again.stderr) == (exits.OWED, True)
    world.edit(world.client.read("CarePlan", theirs["id"]).resource, description=f"{word}d")
    run("pull", "--server", "ehr")
    assert found(world, word) == []

    assert run("forget", token, "--allow").exit_code == exits.DONE
    assert run("forget", token, "--allow").exit_code == exits.USAGE
    assert run("push", "--server", "ehr", "-", stdin=text).exit_code == exits.DONE
    assert (found(world, word) != [], world.doubled()) == (True, [])


def found(world, word):
    """The files of the ledger that hold the word."""
    return [file.name for file in world.folder.glob("hospital*") if word.encode() in file.read_bytes()]


def test_records_of_others_that_name_the_client_stay_and_are_told(world, hospital):
    other = but(world.case(1), needs=(), team=(but(world.case(1).team[0], who=world.person(0)),))
    hospital.push(lines([other]))
    remains = forget(hospital.ledger, f"{world.namespace}/mrn|M0", now=NOW)
    assert (remains.records, [key.value for key in remains.named_by]) == (3, ["C-1"])
    assert hospital.ledger.counts() == {"case": 1, "care-plan": 1, "referral": 1}


def lost(world, site):
    site.close()
    (world.folder / "hospital").unlink()
    assert site.rebuild([world.namespace]).left == []
    return site


def test_a_lost_ledger_is_rebuilt_and_the_same_export_sends_nothing(world, hospital, run):
    before = versions(world)
    site = lost(world, hospital)
    assert site.status()["servers"]["ehr"]["agreed"] == 6
    assert site.ledger.counts() == {"case": 2, "care-plan": 2, "referral": 2}
    assert site.rebuild([world.namespace]).known == 6

    report = site.push(lines(world.caseload(2)))
    assert (report.sent, report.outstanding, versions(world) == before) == (0, 0, True)
    change = site.push(lines([but(world.plan(0), title="newer")]))
    assert (change.created, change.updated, change.outstanding, world.doubled()) == (0, 1, 0, [])
    assert list(verify(site.ledger)) == []

    site.close()
    settings = f'namespace = "{world.namespace}"\n[servers.ehr]\nurl = "{world.url}"\n'
    (world.folder / "fhircase.toml").write_text(settings, encoding="utf-8")
    assert "6 records made from ehr" in run("ledger", "rebuild", "ehr", "--ledger", "another").stderr


def test_after_a_rebuild_nobodys_edits_are_reverted_by_an_export_that_does_not_know_them(world, hospital):
    world.edit(world.one("CarePlan", "care-plan", "P-0"), description="theirs")
    site = lost(world, hospital)
    assert {change.key.value for change in site.ledger.changes()} == {f"{kind}-{n}" for kind in "CPR" for n in (0, 1)}
    site.push(lines(world.caseload(2)))
    assert world.one("CarePlan", "care-plan", "P-0")["description"] == "theirs"
