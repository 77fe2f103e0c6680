"""One input given to several at once: whole and in order for each, however far apart they are."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.world import World

from fhircase.cli import shared
from fhircase.cli.intake import Intake
from fhircase.cli.shared import Shared
from fhircase.errors import CutShort
from fhircase.records import as_line, aside


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """More records than stay in memory, in a file whose name is no UTF-8."""
    monkeypatch.setattr(aside, "NEAR", 3)
    monkeypatch.setattr(shared, "NEAR", 3)
    monkeypatch.setattr(aside, "SOME", 4)
    world = World("http://nowhere.example/fhir", tmp_path, "https://h.example")
    file = tmp_path / "r\udce9cords.ndjson"
    file.write_bytes(b"".join(map(as_line, world.caseload(10))))
    return file


def test_each_is_given_every_text_and_record_in_order(file):
    intake = Intake([file])
    with Shared(intake) as given, ThreadPoolExecutor(4) as threads:
        several = [*threads.map(lambda _: [(text, read()) for text, read in given], range(4))]
    assert intake.count == 30
    for each in several:
        assert b"".join(text + b"\n" for text, _ in each) == file.read_bytes()
        assert [as_line(record) for _, record in each] == file.read_bytes().splitlines(keepends=True)


def test_what_is_wrong_is_told_once_and_to_each(file, capsys):
    file = file.rename(file.with_name("records.ndjson"))
    with file.open("ab") as stream:
        stream.write(b'{"record": "poem"}\n{"record": "ca')
    intake = Intake([file])
    with Shared(intake) as given:
        for _ in range(2):
            *good, (_, wrong), (_, cut) = given
            assert all(read() for _, read in good)
            assert wrong() is None
            with pytest.raises(CutShort):
                cut()
    assert (intake.count, intake.bad) == (32, 2)
    assert capsys.readouterr().err.count("unknown kind of record") == 1


def test_a_list_that_ends_in_the_middle_is_cut_short_for_each(file):
    lines = file.read_bytes().splitlines()
    file.write_bytes(b"[" + b",".join(lines))
    with Shared(Intake([file])) as given:
        for _ in range(2):
            with pytest.raises(CutShort):
                [read() for _, read in given]
