"""The pages about the mappings are those that the mappings make."""

from pathlib import Path

from fhircase.mapping import files
from fhircase.mapping.pages import pages

PAGES = Path(__file__).parents[2] / "docs" / "mappings"


def test_the_pages_are_up_to_date() -> None:
    stale = {
        name
        for name, text in pages(files.names()).items()
        if not (PAGES / name).exists() or (PAGES / name).read_text(encoding="utf-8") != text
    }
    assert not stale, "run `make docs`"
