"""`fhircase mappings test`: samples beside mapping files, run as tests."""

import json
import shutil

import pytest

from fhircase.cli import exits
from fhircase.mapping import files


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(files.folder() / "care-plan.samples", tmp_path / "site.samples")
    (tmp_path / "site.yaml").write_text("overlay: site@1\nover: [care-plan@1]\n", encoding="utf-8")
    return tmp_path / "site.samples"


def test_all_shipped_samples_hold(run):
    result = run("mappings", "test")
    assert result.exit_code == exits.DONE, result.stderr
    assert "hold both ways" in result.stderr


def test_what_differs_is_shown_by_place_and_can_be_accepted(run, folder, golden):
    place = folder / "going-home.R4.json"
    resources = json.loads(place.read_text(encoding="utf-8"))
    resources[0]["title"] = "Coming home"
    place.write_text(json.dumps(resources), encoding="utf-8")
    result = run("mappings", "test", "site.yaml")
    assert result.exit_code == exits.USAGE
    golden("samples-that-differ", result.stderr)

    assert run("mappings", "test", "site.yaml", "--accept").exit_code == exits.DONE
    assert json.loads(place.read_text(encoding="utf-8"))[0]["title"] == "Going home"
    assert run("mappings", "test", "site.yaml").exit_code == exits.DONE


def test_a_sample_is_made_of_a_record_alone_and_of_resources_alone(run, folder):
    for made in (
        "going-home.R4.json",
        "going-home.R5.json",
        "from-elsewhere.record.json",
        "from-elsewhere.R4.leftovers.json",
    ):
        (folder / made).unlink()
    before = run("mappings", "test", "site.yaml")
    assert before.exit_code == exits.USAGE
    assert "site.samples/from-elsewhere.record.json: is not there" in before.stderr
    assert run("mappings", "test", "site.yaml", "--accept").exit_code == exits.DONE
    assert run("mappings", "test", "site.yaml").exit_code == exits.DONE
    for made in folder.iterdir():
        assert made.read_bytes() == (files.folder() / "care-plan.samples" / made.name).read_bytes()


def test_what_cannot_be_read_at_all_is_told_with_every_problem(run, folder):
    place = folder / "going-home.R4.json"
    resources = json.loads(place.read_text(encoding="utf-8"))
    resources[0]["status"] = "odd"
    place.write_text(json.dumps(resources), encoding="utf-8")
    result = run("mappings", "test", "site.yaml")
    assert result.exit_code == exits.USAGE
    assert "site.samples/going-home.record.json: cannot be read as R4" in result.stderr
    assert "unknown code `odd` @ plan.status" in result.stderr
