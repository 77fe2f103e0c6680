"""The one place where concrete parts meet."""

import json

import pytest

from fhircase.config import Config
from fhircase.errors import ConfigError
from fhircase.mapping import compiled, files
from fhircase.wiring import open_site
from fhircase.worker.texts import mapping_digest


def test_a_site_asks_nothing_before_it_is_used(tmp_path):
    ledger = tmp_path / "ledger"
    with open_site(Config(), "https://nowhere.example/fhir", ledger, fhir="R4B") as site:
        assert site.server.fhir == "R4B"
        assert not ledger.exists()
        assert site.status() == {"servers": {}}


def test_an_unknown_server_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no such server"):
        open_site(Config(), "ehr", tmp_path / "ledger")


def test_overlays_are_part_of_what_makes_records_due_again(tmp_path):
    assert mapping_digest("R4", ()) != mapping_digest("R5", ())
    assert mapping_digest("R4", ()) != mapping_digest("R4", ("us-core",))


@pytest.fixture
def anew():
    """Forgets what was read of mapping files, as a new process does."""

    def forget() -> None:
        for kept in (files.documents, compiled.compiled, compiled.all_compiled, mapping_digest):
            kept.cache_clear()

    yield forget
    forget()


def concept_map(code: str, kind: str = "equivalent") -> str:
    target = {"code": code, "equivalence": kind, "comment": "the site says more"}
    element = {"code": "achieved", "target": [target]}
    worse = {"code": "worsening", "target": [{"code": "worsening", "equivalence": "equivalent"}]}
    return json.dumps({"resourceType": "ConceptMap", "group": [{"element": [worse, element]}]})


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("more.csv", "ours;code\nachieved;nearly\n", "ours;code\nachieved;wholly\n"),
        (
            "more.csv",
            "ours;code;reads\nachieved;achieved;\nachieved;nearly;so they say\n",
            "ours;code;reads\nachieved;achieved;\nachieved;wholly;so they say\n",
        ),
        ("more.json", concept_map("nearly"), concept_map("wholly")),
        ("more.json", concept_map("nearly", "narrower"), concept_map("wholly", "narrower")),
    ],
)
def test_a_changed_file_of_a_code_table_makes_records_due_again(name, before, after, tmp_path, anew):
    site = tmp_path / "site.yaml"
    site.write_text(f"overlay: site@1\nover: [goal@1]\nrows: {{goal-achievement: {name}}}\n", encoding="utf-8")
    digests = []
    for text in (before, after, before):
        (tmp_path / name).write_text(text, encoding="utf-8")
        anew()
        digests.append(mapping_digest("R4", (str(site),)))
    assert digests[0] == digests[2] != digests[1]


def test_an_overlay_for_one_version_makes_records_due_again_there(tmp_path, anew):
    site = tmp_path / "site.yaml"
    text = "overlay: site@1\nover: [goal@1]\nfhir: R5\nrows: {goal-achievement: [[achieved, %s]]}\n"
    digests = {}
    for code in ("achieved", "wholly"):
        site.write_text(text % code, encoding="utf-8")
        anew()
        digests[code] = [mapping_digest(version, (str(site),)) for version in ("R4", "R4B", "R5")]
    assert [one == other for one, other in zip(*digests.values(), strict=True)] == [True, True, False]
