"""Records to resources and back, on the command line."""

import json
from pathlib import Path

import pytest

from fhircase.cli import exits
from fhircase.cli.difference import MISSING, differences
from fhircase.fhir import jsontext


@pytest.fixture
def caseload(run, tmp_path):
    assert run("sample", "--count", "6", "--seed", "3", "-o", "records.ndjson").exit_code == exits.DONE
    return tmp_path / "records.ndjson"


def lines(text: bytes) -> list[bytes]:
    return sorted(text.splitlines())


def test_the_sample_is_the_same_for_the_same_seed(run):
    first, second, other = (run("sample", "--count", "3", "--seed", seed) for seed in ("5", "5", "6"))
    assert first.stdout_bytes == second.stdout_bytes != other.stdout_bytes
    assert first.stderr == ""


@pytest.mark.parametrize("version", ["R4", "R4B", "R5", "r5"])
@pytest.mark.parametrize("form", [[], ["--bundle"]])
def test_what_is_mapped_is_read_again(run, caseload, tmp_path, version, form):
    assert run("map", str(caseload), "--fhir", version, *form, "-o", "resources.json").exit_code == exits.DONE
    result = run("read", "resources.json", "--fhir", version, "-o", "back.ndjson")
    assert result.exit_code == exits.DONE
    assert lines((tmp_path / "back.ndjson").read_bytes()) == lines(caseload.read_bytes())


def test_standard_input_and_output_are_used_where_no_file_is_named(run, caseload):
    mapped = run("map", "-", stdin=caseload.read_bytes())
    back = run("read", stdin=mapped.stdout_bytes)
    assert lines(back.stdout_bytes) == lines(caseload.read_bytes())


def test_a_bundle_is_a_collection_with_full_urls(run, caseload):
    bundle = json.loads(run("map", str(caseload), "--bundle").stdout_bytes)
    assert bundle["type"] == "collection"
    assert all(entry["fullUrl"] == f"urn:uuid:{entry['resource']['id']}" for entry in bundle["entry"])
    assert not any("request" in entry for entry in bundle["entry"])


def test_an_empty_bundle_is_one_too(run):
    bundle = json.loads(run("map", "--bundle", "-", stdin=b"\n").stdout_bytes)
    assert bundle == {"resourceType": "Bundle", "type": "collection", "entry": []}


def test_writing_onto_what_the_server_has_changes_nothing_when_nothing_changed(run, caseload, tmp_path):
    run("map", str(caseload), "-o", "there.ndjson")
    again = run("map", str(caseload), "--onto", "there.ndjson")
    assert again.stdout_bytes == (tmp_path / "there.ndjson").read_bytes()
    assert run("map", str(caseload), "--onto", "there.ndjson", "--diff").stdout == ""


def test_a_difference_is_shown_by_pointer_with_old_and_new(run, caseload, tmp_path):
    run("map", str(caseload), "-o", "there.ndjson")
    changed = caseload.read_bytes().replace(b'"title":"Plan for the first six months"', b'"title":"Plan B"')
    result = run("map", "-", "--onto", "there.ndjson", "--diff", stdin=changed)
    assert result.exit_code == exits.DONE
    assert '  ~ /title: "Plan for the first six months" -> "Plan B"\n' in result.stdout
    assert all(line.startswith(("CarePlan/", "  ~ /title", "  ~ /text/div")) for line in result.stdout.splitlines())


def test_a_new_resource_is_shown_as_new(run, caseload):
    shown = run("map", str(caseload), "--diff").stdout
    assert "(task) is new\n" in shown
    assert '  + /resourceType: "Task"\n' in shown


def test_differences_are_by_place():
    old = {"a": 1, "b": [1, 2], "c/d": {"e": True}, "f": jsontext.decode(b"72.50")}
    new = {"a": 1, "b": [1, 3, 4], "c/d": {"e": 1}, "f": jsontext.decode(b"72.5"), "g": "x"}
    found = {pointer: (before, after) for pointer, before, after in differences(old, new)}
    assert set(found) == {"/b/1", "/b/2", "/c~1d/e", "/f", "/g"}
    assert found["/b/2"] == (MISSING, 4)


def test_the_resources_of_the_sample_are_valid_for_fhir_resources(run, caseload):
    for version in ("R4", "R5"):
        result = run("map", str(caseload), "--check", "--fhir", version)
        assert (result.exit_code, result.stderr) == (exits.DONE, "")


def test_bad_records_are_told_and_the_rest_goes_on(run, caseload, golden):
    text = caseload.read_bytes().splitlines()
    text[1] = b'{"record": "case"}'
    text.insert(3, b"nonsense")
    result = run("map", "-", "missing.ndjson", stdin=b"\n".join(text))
    assert result.exit_code == exits.BAD_INPUT
    assert len(result.stdout_bytes.splitlines()) > 10
    golden("map-bad-records", result.stderr)


def test_refused_resources_are_told_with_file_and_line_and_the_rest_goes_on(run, caseload, golden):
    run("map", str(caseload), "-o", "resources.ndjson")
    text = Path("resources.ndjson").read_text(encoding="utf-8").splitlines()
    plan = next(at for at, line in enumerate(text) if '"resourceType":"CarePlan"' in line)
    resource = json.loads(text[plan])
    text[plan] = json.dumps({**resource, "status": "gone", "modifierExtension": [{"url": "http://x.example"}]})
    text += ['{"resourceType": "Observation", "id": "o1", "status": "final"}', '{"no": "resource"}']
    Path("resources.ndjson").write_text("\n".join(text), encoding="utf-8")
    result = run("read", "resources.ndjson", "--leftovers", "left.ndjson")
    assert result.exit_code == exits.BAD_INPUT
    sent = {line for line in caseload.read_bytes().splitlines() if b'"value":"P-00001"},"client"' not in line}
    assert sent <= set(result.stdout_bytes.splitlines())
    names = {f":{len(text)}:": ":LAST:", f" of {len(text)} lines": " of LAST lines", f":{plan + 1}:": ":PLAN:"}
    told = result.stderr
    for number, name in names.items():
        told = told.replace(number, name)
    golden("read-refused", told)
    left = [json.loads(line) for line in Path("left.ndjson").read_text(encoding="utf-8").splitlines()]
    assert {"resource": "Observation/o1", "pointer": "", "value": json.loads(text[-2])} in left


def test_leftovers_name_each_element_that_no_rule_owns(run, caseload, tmp_path):
    run("map", str(caseload), "-o", "resources.ndjson")
    text = Path("resources.ndjson").read_text(encoding="utf-8")
    text = text.replace('"resourceType":"ServiceRequest"', '"resourceType":"ServiceRequest","language":"en"', 1)
    Path("resources.ndjson").write_text(text, encoding="utf-8")
    assert run("read", "resources.ndjson", "-o", "r.ndjson", "--leftovers", "left.ndjson").exit_code == exits.DONE
    left = [json.loads(line) for line in Path("left.ndjson").read_text(encoding="utf-8").splitlines()]
    (entry,) = [each for each in left if each["pointer"] == "/language"]
    assert entry["resource"].startswith("ServiceRequest/")
    assert entry["value"] == "en"


def test_a_record_given_to_read_and_a_resource_given_to_map_are_told_apart(run, caseload, golden):
    text = run("read", str(caseload)).stderr + run("map", "-", stdin=b'{"resourceType": "Task"}').stderr
    golden("wrong-way-round", "\n".join(text.splitlines()[:1] + text.splitlines()[-2:]))


def test_the_configured_zone_completes_local_times(run, tmp_path):
    record = {
        "record": "case",
        "schema": 1,
        "key": {"kind": "case", "namespace": "https://hospital.example", "value": "C-1"},
        "client": {},
        "opened": "2026-07-01T10:00:00",
    }
    text = json.dumps(record).encode()
    assert run("map", "-", stdin=text).exit_code == exits.BAD_INPUT
    (tmp_path / "fhircase.toml").write_text('timezone = "Europe/Amsterdam"\n', encoding="utf-8")
    assert b"2026-07-01T10:00:00+02:00" in run("map", "-", stdin=text).stdout_bytes


def test_records_born_elsewhere_are_named_by_the_server_they_are_from(run):
    order = b'{"resourceType":"ServiceRequest","id":"7","status":"active","intent":"order","subject":{"display":"x"}}'
    result = run("read", "-", "--server", "https://ehr.example/fhir/", stdin=order)
    key = json.loads(result.stdout_bytes)["key"]
    assert key == {"kind": "referral", "namespace": "server:https://ehr.example/fhir", "value": "ServiceRequest/7"}


@pytest.mark.parametrize("version", ["R4", "R5"])
def test_resources_that_we_wrote_leave_nothing_over(run, caseload, tmp_path, version):
    run("map", str(caseload), "--fhir", version, "-o", "resources.ndjson")
    run("read", "resources.ndjson", "--fhir", version, "-o", "r.ndjson", "--leftovers", "left.ndjson")
    assert (tmp_path / "left.ndjson").read_text(encoding="utf-8") == ""


def test_a_file_without_any_record_is_bad_input(run):
    result = run("read", "-", stdin=b'{"resourceType": "Observation", "id": "o1"}')
    assert (result.exit_code, result.stdout) == (exits.BAD_INPUT, "")
    assert "no record is here; records are made of Task, " in result.stderr


def test_a_bundle_whose_entries_are_none_is_told_with_its_place(run):
    for entry in (b"7", b"[5]"):
        result = run("read", "-", stdin=b'{"resourceType": "Bundle", "entry": ' + entry + b"}")
        assert result.exit_code == exits.BAD_INPUT
        assert "standard input:1: not a list of objects @ Bundle.entry" in result.stderr


def test_resources_of_another_version_are_told_to_be_so(run, caseload):
    run("map", str(caseload), "-o", "r4.ndjson")
    result = run("read", "r4.ndjson", "--fhir", "R5")
    assert result.exit_code == exits.BAD_INPUT
    assert "try --fhir R4\n" in result.stderr


def test_a_rule_of_fhir_that_a_record_breaks_is_told_when_the_resources_are_checked(run, tmp_path):
    plan = {
        "record": "care-plan",
        "schema": 1,
        "key": {"kind": "care-plan", "namespace": "https://a.example", "value": "1"},
        "client": {"display": "x"},
        "period": {"start": "2026-03-02", "end": "2026-03-01"},
    }
    (tmp_path / "records.ndjson").write_text(json.dumps(plan) + "\n", encoding="utf-8")
    assert run("map", "records.ndjson").exit_code == exits.DONE
    result = run("map", "records.ndjson", "--check")
    assert result.exit_code == exits.BAD_INPUT
    assert "CarePlan.period (FHIR R4, per-1)" in result.stderr
