"""A mapping's samples: run both ways, told where they differ, and written anew when asked."""

import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from fhircase.errors import InvalidInput, MappingFileError
from fhircase.fhir import jsontext
from fhircase.mapping import compiled, files
from fhircase.samples import accept, found, sides

SHIPPED = [sample for name in dict.fromkeys(files.names()) for sample in found(name)]


@pytest.mark.parametrize("sample", SHIPPED, ids=lambda sample: f"{sample.folder.stem}-{sample.name}-{sample.version}")
def test_every_shipped_sample_holds_both_ways(sample):
    run = list(sides(sample))
    assert {side.file for side in run} >= {sample.file(), sample.record}
    assert [(side.file.name, side.expected, side.made) for side in run if not side.fine] == []


@pytest.mark.parametrize("name", files.names())
def test_every_shipped_mapping_has_a_sample_in_r4_and_r5(name):
    assert {sample.version for sample in found(name)} >= {"R4", "R5"}


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    """An overlay file with the samples of the plans beside it."""
    shutil.copytree(files.folder() / "care-plan.samples", tmp_path / "site.samples")
    place = tmp_path / "site.yaml"
    place.write_text("overlay: site@1\nover: [care-plan@1]\n", encoding="utf-8")
    return place


def wrong(place: Path) -> dict[str, tuple[object, object]]:
    return {
        side.file.name: (side.expected, side.made) for one in found(str(place)) for side in sides(one) if not side.fine
    }


def change(place: Path, what: str) -> None:
    place.write_text(f"overlay: site@1\nover: [care-plan@1]\n{what}", encoding="utf-8")
    files.documents.cache_clear()


@pytest.fixture(autouse=True)
def _forget():
    """What is read of a file is kept; these tests write one file several times."""
    yield
    for kept in (files.documents, compiled.compiled, compiled.all_compiled):
        kept.cache_clear()


def test_what_an_overlay_changes_is_told_at_the_file_it_concerns(plans):
    assert wrong(plans) == {}


def test_a_changed_rule_is_seen_in_both_directions(plans):
    change(plans, "change: {intent: {value: order, accepts: [plan], R5: {accepts: [plan]}}}\n")
    found_wrong = wrong(plans)
    assert sorted(found_wrong) == ["going-home.R4.json", "going-home.R5.json"]
    expected, made = found_wrong["going-home.R4.json"]
    assert (expected[0]["intent"], made[0]["intent"]) == ("plan", "order")


def test_a_field_that_is_read_elsewhere_is_seen_in_record_and_leftovers(plans):
    change(plans, "change: {title: {field: plan.description}, description: {field: plan.title}}\n")
    found_wrong = wrong(plans)
    assert found_wrong["from-elsewhere.record.json"][1]["description"] == "Diet"
    assert "from-elsewhere.R4.leftovers.json" not in found_wrong


def test_what_is_accepted_holds(plans):
    change(plans, "drop: [categories]\nadd: {german: {constant: plan.language, value: de}}\n")
    with pytest.raises(MappingFileError):
        wrong(plans)  # a field of the model without a rule
    change(
        plans, "change: {intent: {value: order}, title: {field: plan.description}, description: {field: plan.title}}\n"
    )
    for sample in found(str(plans)):
        accept(sample)
    assert wrong(plans) == {}
    folder = plans.with_suffix(".samples")
    assert jsontext.decode((folder / "from-elsewhere.record.json").read_bytes())["description"] == "Diet"
    assert jsontext.decode((folder / "going-home.R4.json").read_bytes())[0]["description"] == "Going home"
    given = files.folder() / "care-plan.samples"
    for kept in ("from-elsewhere.R4.json", "going-home.record.json"):
        assert (folder / kept).read_bytes() == (given / kept).read_bytes(), "what a sample begins with stays"


def test_a_file_without_samples_says_how_to_make_one(tmp_path):
    (tmp_path / "x.yaml").write_text("overlay: x@1\nover: [case@1]\n", encoding="utf-8")
    with pytest.raises(MappingFileError, match=r"x.yaml: has no samples; put NAME.record.json.* into x.samples"):
        found(str(tmp_path / "x.yaml"))
    with pytest.raises(MappingFileError, match="no mapping or overlay is called `nobody`"):
        found("nobody")


@pytest.mark.parametrize("text", ["{", "{}", '{"record": "goal", "schema": 1}', "[]"])
def test_a_record_that_is_none_is_told(plans, text):
    (plans.with_suffix(".samples") / "going-home.record.json").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"going-home\.record\.json"):
        wrong(plans)
    [sample] = [sample for sample in found(str(plans)) if (sample.name, sample.version) == ("going-home", "R4")]
    with pytest.raises(InvalidInput):
        accept(sample)


def test_resources_that_are_no_json_are_told(plans):
    (plans.with_suffix(".samples") / "going-home.R4.json").write_text("{", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"going-home\.R4\.json: is no JSON"):
        wrong(plans)


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    """A mapping of somebody else's records, with one record beside it."""
    own = Path(__file__).parent / "mapping" / "own"
    shutil.copy(own / "clinic.yaml", tmp_path / "clinic.yaml")
    (tmp_path / "clinic.samples").mkdir()
    record = {"client_no": 4711, "surname": "Hall", "cost": "1.234,50", "status": "laufend"}
    (tmp_path / "clinic.samples" / "hall.record.json").write_bytes(jsontext.encode(record))
    return tmp_path / "clinic.yaml"


def test_a_record_of_theirs_is_a_sample_too(clinic):
    assert {name: expected for name, (expected, _) in wrong(clinic).items()} == {
        "hall.R4.json": None,
        "hall.R5.json": None,
    }
    for sample in found(str(clinic)):
        accept(sample)
    assert wrong(clinic) == {}
    plan, *_ = jsontext.decode((clinic.parent / "clinic.samples" / "hall.R4.json").read_bytes())
    assert plan["extension"][1]["valueQuantity"] == {"value": Decimal("1234.50")}


def test_what_a_changed_mapping_makes_of_theirs_is_told_both_ways(clinic):
    for sample in found(str(clinic)):
        accept(sample)
    clinic.write_text(clinic.read_text(encoding="utf-8").replace("[laufend, active]", "[laufend, on-hold]"))
    for kept in (files.documents, compiled.compiled):
        kept.cache_clear()
    # The words that were kept say something else than the code now, and are left over.
    told = wrong(clinic)
    assert sorted(told) == [
        "hall.R4.json",
        "hall.R4.leftovers.json",
        "hall.R5.json",
        "hall.R5.leftovers.json",
        "hall.record.json",
    ]
    expected, made = told["hall.record.json"]
    assert (expected["status"], made["status"]) == ("laufend", "in Betreuung")


def test_resources_alone_say_what_record_of_theirs_they_are(clinic):
    for sample in found(str(clinic)):
        accept(sample)
    folder = clinic.parent / "clinic.samples"
    (folder / "hall.R5.json").unlink()
    (folder / "hall.record.json").unlink()
    for sample in found(str(clinic)):
        accept(sample)
    made = jsontext.decode((folder / "hall.record.json").read_bytes())
    assert (made["client_no"], made["cost"], made["status"]) == (4711, "1.234,50", "laufend")
    assert wrong(clinic) == {}


def test_a_record_that_their_model_does_not_take_is_told_without_its_values(clinic):
    record = {"client_no": "secret", "surname": "Hall"}
    (clinic.parent / "clinic.samples" / "hall.record.json").write_bytes(jsontext.encode(record))
    (side, _) = [side for sample in found(str(clinic)) for side in sides(sample)]
    told = "\n".join(map(str, side.problems))
    assert "hall.record.json:1: Input should be a valid integer" in told
    assert "@ client_no (Client)" in told
    assert "secret" not in told
