"""The JSON Schema of mapping files, as the command writes it and as it is shipped."""

import json

import pytest

from fhircase.cli import exits
from fhircase.mapping import files


def test_the_shipped_schema_is_what_the_command_writes(run):
    written = run("mappings", "schema")
    assert written.exit_code == exits.DONE
    shipped = (files.folder() / "mapping.schema.json").read_text(encoding="utf-8")
    assert shipped == written.stdout, "run: fhircase mappings schema -o mappings/mapping.schema.json"


def test_it_is_written_to_a_file_and_knows_the_names_of_ones_own_files(run, tmp_path):
    (tmp_path / "site.yaml").write_text("mapping: x@1\ntables: {our-status: {rows: [a]}}\n", encoding="utf-8")
    assert run("mappings", "schema", "site.yaml", "-o", "site.schema.json").exit_code == exits.DONE
    made = json.loads((tmp_path / "site.schema.json").read_text(encoding="utf-8"))
    assert "our-status" in made["definitions"]["rule.code"]["properties"]["table"]["anyOf"][0]["enum"]


@pytest.mark.parametrize("place", sorted(files.folder().rglob("*.yaml")), ids=lambda place: place.stem)
def test_every_shipped_file_names_the_schema(place):
    named = [line for line in place.read_text(encoding="utf-8").splitlines() if "yaml-language-server" in line]
    assert named, "add: # yaml-language-server: $schema=mapping.schema.json"
    assert (place.parent / named[0].rpartition("=")[2]).resolve() == files.folder() / "mapping.schema.json"
