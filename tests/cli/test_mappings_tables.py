"""`fhircase mappings tables export`."""

import json

import pytest

from fhircase.cli import exits
from fhircase.mapping.shipped_tables import shipped


@pytest.mark.parametrize("version", ["R4", "R5"])
@pytest.mark.parametrize(("form", "ending"), [("csv", "csv"), ("conceptmap", "json")])
def test_every_shipped_table_is_written(run, tmp_path, version, form, ending):
    result = run("mappings", "tables", "export", "--format", form, "--fhir", version, "-o", "out")
    assert result.exit_code == exits.DONE
    assert {file.name for file in (tmp_path / "out").iterdir()} == {f"{name}.{ending}" for name in shipped(version)}


def test_one_table_is_written(run, tmp_path):
    run("mappings", "tables", "export", "priority", "--format", "conceptmap", "-o", "out")
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["priority.json"]
    made = json.loads((tmp_path / "out" / "priority.json").read_text(encoding="utf-8"))
    assert made["url"] == "https://fhircase.org/fhir/ConceptMap/priority-R4"


def test_a_table_that_is_not_there_is_told_with_the_nearest(run, tmp_path):
    result = run("mappings", "tables", "export", "priorty", "-o", "out")
    assert result.exit_code == exits.USAGE
    assert "no table is called `priorty` in R4; did you mean `priority`?" in result.stderr
    assert not (tmp_path / "out").exists()
