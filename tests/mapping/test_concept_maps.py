"""Code tables as FHIR ConceptMaps, both ways."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.mapping.own.clinic import Client
from tests.often import often

from fhircase.errors import MappingFileError
from fhircase.mapping import files, from_fhir, to_fhir
from fhircase.mapping.concept_maps import EQUIVALENT, NARROWER, UNMATCHED, WIDER, concept_map, concept_table, group
from fhircase.mapping.csv_tables import csv_table
from fhircase.mapping.shipped_tables import shipped

HERE = Path(__file__).parent / "own"
VERSIONS = ("R4", "R5")


def plain(found: Any) -> dict[str, Any]:
    """A table without what a file may leave out."""
    rows = [[row, row] if isinstance(row, str) else [str(cell) for cell in row] for row in found["rows"]]
    reads = {reason: [list(row) for row in given] for reason, given in (found.get("reads") or {}).items()}
    return {"rows": rows, "reads": reads}


def written(place: Path, made: Any) -> Path:
    place.write_text(json.dumps(made), encoding="utf-8")
    return place


@pytest.mark.parametrize("version", VERSIONS)
def test_a_shipped_table_of_one_place_comes_back_from_its_concept_map_and_its_csv(version: str, tmp_path: Path) -> None:
    tables = [table for table in shipped(version).values() if len(table.paths) == 1]
    assert len(tables) > 20
    for table in tables:
        found = concept_table(written(tmp_path / f"{table.name}.json", table.as_concept_map()))
        # R5 gives no reason why a value has no code.
        lacks = table.spec.get("lacks", {}) if version == "R4" else {}
        rows = [*plain(table.spec)["rows"], *([value, "-"] for value in table.spec.get("lacks", {}) if not lacks)]
        assert sorted(plain(found)["rows"]) == sorted(rows), table.name
        assert plain(found)["reads"] == plain(table.spec)["reads"], table.name
        assert found.get("lacks", {}) == lacks
        place = tmp_path / f"{table.name}.csv"
        place.write_text(table.as_csv(), encoding="utf-8", newline="")
        assert plain(csv_table(place)) == plain(table.spec), table.name


@pytest.mark.parametrize("version", VERSIONS)
def test_every_place_of_every_shipped_table_is_said(version: str) -> None:
    for name, table in shipped(version).items():
        made = table.as_concept_map()
        said = {element["code"] for each in made["group"] for element in each["element"]}
        values = set(table.tags.written) if table.tags else {row[0] for row in plain(table.spec)["rows"]}
        assert said == values | set(table.spec.get("lacks", {})), name
        assert table.tags or len(made["group"]) >= len(table.paths)


def test_the_codes_that_say_a_value_together_stand_in_one_cell_of_the_csv_each_with_its_system(tmp_path: Path) -> None:
    place = tmp_path / "need-kind.csv"
    place.write_text(shipped("R4")["need-kind"].as_csv(), encoding="utf-8", newline="")
    found = plain(csv_table(place))
    concern = "http://hl7.org/fhir/us/core/CodeSystem/condition-category#health-concern"
    problem = "http://terminology.hl7.org/CodeSystem/condition-category#problem-list-item"
    sdoh = "http://hl7.org/fhir/us/core/CodeSystem/us-core-category#sdoh"
    assert found["rows"][:2] == [["medical", problem], ["social", f"{concern} {sdoh}"]]
    assert found["reads"] == {"another way to say it": [["social", f"{problem} {sdoh}"], ["social", sdoh]]}


def test_what_a_table_declares_is_said_in_fhirs_words() -> None:
    made = shipped("R4")["case-status"].as_concept_map()
    task, own, episode = made["group"]
    assert [each["target"] for each in made["group"]] == [
        "http://hl7.org/fhir/task-status",
        "https://fhircase.org/fhir/CodeSystem/fhircase",
        "http://hl7.org/fhir/episode-of-care-status",
    ]
    by_code = {element["code"]: element["target"] for element in task["element"]}
    assert by_code["on-hold"] == [{"code": "on-hold", "equivalence": "equivalent"}]
    assert [(each["code"], each["equivalence"]) for each in by_code["accepted"]] == [
        ("accepted", "wider"),
        ("ready", "narrower"),
    ]
    assert own["element"][0] == {"code": "draft", "target": [{"equivalence": "unmatched"}]}
    screening = episode["element"][2]["target"][0]
    assert screening["equivalence"] == "wider"
    assert screening["comment"] == "an EpisodeOfCare tells less than the Task"
    assert "noMap" in json.dumps(shipped("R5")["case-status"].as_concept_map())


def test_a_table_says_where_each_of_its_columns_stands() -> None:
    found = shipped("R4")["assessment-status"].as_concept_map()["description"]
    assert found.startswith(
        "How fhircase says `assessment-status` in FHIR R4, group by group at: "
        "assessment.status and satisfaction.status; assessment.extension[exact-status].valueCode and "
    )


words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1).filter(
    lambda word: word[0] not in "-~"
)


@often(60)
@given(
    st.dictionaries(words, st.tuples(words, st.booleans()), min_size=1, max_size=5),
    st.dictionaries(words, st.lists(st.tuples(words, words), min_size=1, max_size=3), max_size=2),
    st.sampled_from(VERSIONS),
)
def test_any_table_of_one_place_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: Any, reads: Any, version: str
) -> None:
    # Elements stand where their value is first said.
    assume(all(value in rows for given in reads.values() for value, _ in given))
    made = [(value, code, WIDER if wide else EQUIVALENT, "") for value, (code, wide) in rows.items()]
    made += [(value, code, NARROWER, reason) for reason, given in reads.items() for value, code in given]
    place = tmp_path_factory.mktemp("map") / "table.json"
    found = concept_table(written(place, concept_map("a-b", [group("s", "", made, version)], version, "")))
    assert plain(found)["rows"] == [[value, f"~{code}" if wide else code] for value, (code, wide) in rows.items()]
    back = {reason: sorted(map(tuple, given)) for reason, given in (found.get("reads") or {}).items()}
    assert back == {reason: sorted(given) for reason, given in reads.items()}


def mapped(*targets: Any, **more: Any) -> Any:
    return {"resourceType": "ConceptMap", "group": [{"element": [{"code": "open", "target": list(targets)}]}], **more}


EQUAL = {"code": "active", "equivalence": "equivalent"}


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ({"resourceType": "ValueSet"}, "table.json: is no ConceptMap @ resourceType"),
        ({"resourceType": "ConceptMap"}, "table.json: no rows @ group"),
        (mapped(group=[{"element": []}]), "table.json: no rows @ group"),
        (mapped(group=mapped(EQUAL)["group"] * 2), "`open` is written as another code already @ group[1].element[0]"),
        (mapped(group=[{"element": [{"target": [EQUAL]}]}]), "no code @ group[0].element[0].code"),
        (mapped({"equivalence": "equal"}), "no code @ group[0].element[0].target[0].code"),
        (mapped({"code": "active"}), "not said @ group[0].element[0].target[0].equivalence"),
        (mapped(EQUAL, EQUAL), "`open` is written as another code already @ group[0].element[0].target[1]"),
        (mapped(EQUAL | {"equivalence": "equivalant"}), "is none; did you mean `equivalent`? @ group[0].element[0]"),
        (mapped(EQUAL | {"equivalence": 5}), "; known: equivalent, equal, wider, "),
        (mapped(EQUAL | {"equivalence": "inexact"}), "`inexact` says not what is read as what @ group[0].element[0]"),
        (mapped({"code": "x", "relationship": "related-to"}), "@ group[0].element[0].target[0].relationship"),
        (
            mapped(EQUAL, {"code": "x", "equivalence": "narrower"}),
            "no comment @ group[0].element[0].target[1].comment; `narrower` is only read: say why",
        ),
    ],
)
def test_a_mistake_is_told_with_the_file_and_where_in_it(made: Any, told: str, tmp_path: Path) -> None:
    with pytest.raises(MappingFileError) as caught:
        concept_table(written(tmp_path / "table.json", made))
    assert told in str(caught.value)


def test_what_is_no_json_or_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MappingFileError, match=r"no\.json: cannot be read: no such file"):
        concept_table(tmp_path / "no.json")
    (tmp_path / "table.json").write_text("{", encoding="utf-8")
    with pytest.raises(MappingFileError, match=r"table\.json: is no JSON"):
        concept_table(tmp_path / "table.json")


def test_every_word_of_fhirs_has_its_meaning(tmp_path: Path) -> None:
    targets = {
        "a": {"code": "1", "equivalence": "subsumes", "comment": "coarser"},
        "b": {"code": "2", "equivalence": "specializes", "comment": "finer"},
        "c": {"equivalence": "unmatched", "comment": "not said"},
        "d": {"code": "4", "equivalence": "disjoint"},
        "e": {"code": "5", "relationship": "equivalent"},
    }
    elements = [{"code": code, "target": [target]} for code, target in targets.items()] + [{"code": "f", "noMap": True}]
    found = concept_table(written(tmp_path / "x.json", mapped(group=[{"element": elements}])))
    assert plain(found) == {"rows": [["a", "~1"], ["e", "5"], ["f", "-"]], "reads": {"finer": [["b", "2"]]}}
    assert found["lossy"] == "coarser"
    assert found["lacks"] == {"c": "not said"}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_mapping_names_a_concept_map_beside_it(version: str, tmp_path: Path) -> None:
    text = (HERE / "clinic.yaml").read_text(encoding="utf-8")
    rows = "rows: [[F, female], [M, male], [X, other], ['?', unknown]]"
    assert rows in text
    (tmp_path / "clinic.yaml").write_text(text.replace(rows, "rows: sex.json"), encoding="utf-8")
    said = [("F", "female"), ("M", "male"), ("X", "other"), ("?", "unknown")]
    made = group("urn:clinic", "", [(ours, code, EQUIVALENT, "") for ours, code in said], version)
    written(tmp_path / "sex.json", concept_map("sex", [made], version, ""))
    record = Client(7, "Hall", sex="X")
    resources = to_fhir(record, version, mapping=tmp_path / "clinic.yaml")
    assert resources[1]["gender"] == "other"
    assert from_fhir(resources, version, mapping=tmp_path / "clinic.yaml").record == record


@pytest.mark.parametrize("version", VERSIONS)
def test_an_overlay_takes_what_is_only_read_from_the_file_too(version: str, tmp_path: Path) -> None:
    text = "overlay: site@1\nover: [goal@1]\nrows: {goal-achievement: more.json}\n"
    (tmp_path / "site.yaml").write_text(text, encoding="utf-8")
    rows = [("achieved", "achieved", EQUIVALENT, ""), ("achieved", "done-well", NARROWER, "the site says more")]
    written(tmp_path / "more.json", concept_map("more", [group("s", "", rows, version)], version, ""))
    found = files.flattened("goal", (str(tmp_path / "site.yaml"),), version)["tables"]["goal-achievement"]
    assert list(found["rows"][0]) == ["achieved", "achieved"]
    assert [list(row) for row in found["reads"]["the site says more"]] == [["achieved", "done-well"]]


def test_a_value_without_a_code_is_said_so() -> None:
    assert group("s", "", [("a", None, UNMATCHED, "")], "R5")["element"] == [{"code": "a", "noMap": True}]
