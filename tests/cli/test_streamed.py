"""Lines that stand alone: the same comes out, in the same order, whatever the number of processes."""

from pathlib import Path
from typing import Any

import pytest

from fhircase.cli import exits
from fhircase.fhir import jsontext
from fhircase.records import write_records
from fhircase.records.sample import sample


@pytest.fixture
def caseload(tmp_path: Path) -> Path:
    file = tmp_path / "records.ndjson"
    with file.open("wb") as stream:
        write_records(sample(40, 1), stream)
    lines = file.read_bytes().splitlines()
    lines[3:3] = [b'{"record": "case", "schema": 1}', b"{broken"]
    file.write_bytes(b"\n".join(lines) + b"\n")
    return file


def test_mapped_by_several_processes_all_is_the_same_and_the_bad_are_told(run: Any, caseload: Path) -> None:
    alone, spread = run("map", str(caseload)), run("map", str(caseload), "--jobs", "2")
    assert spread.stdout_bytes == alone.stdout_bytes
    assert spread.stderr == alone.stderr
    assert spread.exit_code == alone.exit_code == exits.BAD_INPUT
    assert "records.ndjson:5" in spread.stderr


def test_what_is_mapped_line_by_line_is_read_line_by_line(run: Any, caseload: Path, tmp_path: Path) -> None:
    bundles = tmp_path / "bundles.ndjson"
    run("map", str(caseload), "--each", "-o", str(bundles))
    one = run("read", "--each", str(bundles))
    two = run("read", "--each", "--jobs", "2", str(bundles))
    bad = (b'{"record": "case", "schema": 1}', b"{broken")
    good = [line for line in caseload.read_bytes().splitlines() if line not in bad]
    assert [jsontext.decode(line) for line in one.stdout_bytes.splitlines()] == [jsontext.decode(line) for line in good]
    assert two.stdout_bytes == one.stdout_bytes
    assert one.exit_code == two.exit_code == exits.DONE


def test_a_bad_line_stops_only_itself(run: Any, caseload: Path, tmp_path: Path) -> None:
    bundles = tmp_path / "bundles.ndjson"
    run("map", str(caseload), "--each", "-o", str(bundles))
    lines = bundles.read_bytes().splitlines()
    broken = lines[1].replace(b'"status":"', b'"status":"x', 1)
    bundles.write_bytes(b"\n".join([lines[0], broken, b"[]x", lines[2]]) + b"\n")
    found = run("read", "--each", "--jobs", "2", str(bundles))
    kinds = [jsontext.decode(line)["record"] for line in found.stdout_bytes.splitlines()]
    assert (kinds[0], kinds[-1]) == ("case", "referral")
    assert "care-plan" not in kinds, "its parts are still read by themselves"
    assert found.exit_code == exits.BAD_INPUT
    assert "refused; the rest went on" in found.stderr


def test_processes_need_lines_that_stand_alone(run: Any, caseload: Path) -> None:
    assert run("read", "--jobs", "2", str(caseload)).exit_code == 2
    assert run("map", "--jobs", "2", "--bundle", str(caseload)).exit_code == 2
