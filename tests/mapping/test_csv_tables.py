"""Code tables in CSV, as people and Excel write them."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mapping.own.clinic import Client
from tests.often import often

from fhircase.errors import MappingFileError
from fhircase.mapping import files, from_fhir, to_fhir
from fhircase.mapping.csv_tables import as_csv, csv_table

HERE = Path(__file__).parent / "own"
ROWS = [["open", "active"], ["größer; kleiner", "completed"], ['say "x"', "-"]]
EXCEL = 'ours;code\r\nopen;active\r\n"größer; kleiner";completed\r\n"say ""x""";-\r\n'
WRITTEN = {
    "by Excel with a byte order mark": EXCEL.encode("utf-8-sig"),
    "by Excel in Windows' letters": EXCEL.encode("cp1252"),
    "with commas": 'ours,code\nopen,active\n"größer; kleiner",completed\n"say ""x""",-\n'.encode(),
    "with tabs, blank lines and remarks": (
        'ours\tcode\tremark\n\nopen\tactive\tas agreed\n\t\t\ngrößer; kleiner\tcompleted\t\n"say ""x"""\t-\t\n'.encode()
    ),
    "in UTF-16": EXCEL.encode("utf-16"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_table_is_read_however_it_was_saved(name: str, tmp_path: Path) -> None:
    place = tmp_path / "table.csv"
    place.write_bytes(WRITTEN[name])
    assert [list(row) for row in csv_table(place)["rows"]] == ROWS


cells = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)
tables = st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=5)


@often(100)
@given(tables, st.dictionaries(cells, tables, max_size=2))
def test_what_is_written_as_csv_is_read_with_the_same_meaning(
    tmp_path_factory: pytest.TempPathFactory, rows: Any, reads: Any
) -> None:
    place = tmp_path_factory.mktemp("csv") / "table.csv"
    place.write_text(as_csv({"rows": rows, "reads": reads}, ["task", "episode"]), encoding="utf-8", newline="")
    found = csv_table(place)
    assert [list(row) for row in found["rows"]] == rows
    assert {reason: [list(row) for row in given] for reason, given in found["reads"].items()} == reads


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ours;code\nopen;active;x\n", "table.csv:2: 3 cells for 2 columns"),
        ("ours;code\nopen;active\nshut;\n", "table.csv:3: column `code` is empty; write `-` where there is no code"),
        ('ours;code\nopen;active\n"shut;x\n', "no CSV: "),
        ("ours\nopen\n", "table.csv:1: no table of at least two columns"),
        ("ours;code\n", "table.csv: no rows"),
        ("", "table.csv:1: no table of at least two columns"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_column(text: str, told: str, tmp_path: Path) -> None:
    place = tmp_path / "table.csv"
    place.write_text(text, encoding="utf-8")
    with pytest.raises(MappingFileError) as caught:
        csv_table(place)
    assert told in str(caught.value)


def test_a_mapping_names_a_file_beside_it(tmp_path: Path) -> None:
    text = (HERE / "clinic.yaml").read_text(encoding="utf-8")
    rows = "rows: [[F, female], [M, male], [X, other], ['?', unknown]]"
    assert rows in text
    (tmp_path / "clinic.yaml").write_text(text.replace(rows, "rows: sex.csv"), encoding="utf-8")
    (tmp_path / "sex.csv").write_bytes("ours;gender\r\nF;female\r\nM;male\r\nX;other\r\n?;unknown\r\n".encode("cp1252"))
    record = Client(7, "Hall", sex="X")
    made = to_fhir(record, mapping=tmp_path / "clinic.yaml")
    assert made[1]["gender"] == "other"
    assert from_fhir(made, mapping=tmp_path / "clinic.yaml").record == record


def test_a_mistake_in_a_row_is_told_with_the_line_of_the_csv_file(tmp_path: Path) -> None:
    text = (files.folder() / "goal.yaml").read_text(encoding="utf-8")
    (tmp_path / "goal.yaml").write_text(f"{text}\n  extra: {{rows: no.csv}}\n", encoding="utf-8")
    with pytest.raises(MappingFileError, match=r"no\.csv: cannot be read: no such file or directory"):
        files.mapping(str(tmp_path / "goal.yaml"))
