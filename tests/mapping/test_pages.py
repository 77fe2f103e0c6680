"""The pages about the mappings: every field, every place, every row of every table, and no dead link between them."""

import re

import pytest

from fhircase.mapping import files
from fhircase.mapping.pages import pages
from fhircase.model import RECORDS

SITE = """
overlay: site@1
over: [goal@1]
change: {start: {field: goal.statusDate}, status_date: {field: goal.startDate}}
"""


@pytest.fixture(scope="module")
def shipped() -> dict[str, str]:
    return pages(files.names())


def test_each_mapping_has_a_page_that_names_every_field_of_its_model(shipped) -> None:
    for name in files.names():
        page = shipped[f"{name.partition('@')[0]}.md"]
        document = files.mapping(name)
        fields = set(RECORDS[document["record"]].model_fields) - {"id", "custom", *document.get("when", ())}
        told = set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE)) | set(re.findall(r"^- `(\w+)`", page, re.MULTILINE))
        assert fields <= told


def test_each_code_table_has_a_page_with_its_rows_and_what_is_only_read(shipped) -> None:
    page = shipped["tables/case-status.md"]
    assert "| `waitlisted` | `accepted` | `waitlisted` | `waitlist` |" in page
    assert "- `ready`" in page
    assert "[case](../case.md) `status`" in page


def test_a_version_of_its_own_is_told_beside_the_other(shipped) -> None:
    (row,) = [line for line in shipped["case.md"].splitlines() if line.startswith("| `status_reason` |")]
    assert "| `task.statusReason` | `task.statusReason.concept` |" in row


def test_a_page_links_only_to_pages_that_are_there(shipped) -> None:
    for name, text in shipped.items():
        folder = name.rpartition("/")[0]
        for link in re.findall(r"\]\(([^)]+)\)", text):
            way = link.removeprefix("../") if link.startswith("../") else f"{folder}/{link}".lstrip("/")
            assert way in shipped, (name, link)


def test_every_mapping_says_what_it_is(shipped) -> None:
    assert not re.search(r"\): \.$", shipped["README.md"], re.MULTILINE)


def test_a_page_tells_what_an_overlay_made_of_the_rules(tmp_path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(SITE, encoding="utf-8")
    (row,) = [line for line in pages(["goal"], (str(site),))["goal.md"].splitlines() if line.startswith("| `start` |")]
    assert "`goal.statusDate`" in row
