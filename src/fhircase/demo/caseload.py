"""The hospital's caseload: the clients whose stories are told in `fixtures/cases`, and as many others as are wanted."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from fhircase.model import Record
from fhircase.records import read_records
from fhircase.records.sample import sample


def caseload(count: int, seed: int) -> list[Record]:
    """The records of so many clients."""
    told = list(stories())[:count]
    return [*(record for story in told for record in story), *sample(count - len(told), seed)]


def stories() -> Iterator[tuple[Record, ...]]:
    """The records of each client with a story."""
    for place in sorted(_folder().glob("*/1-records.ndjson")):
        with place.open("rb") as stream:
            yield tuple(line.record for line in read_records(stream, place.parent.name) if line.record)


def _folder() -> Path:
    """In the installed package, or in the checkout."""
    shipped = Path(str(files("fhircase.demo"))) / "_stories"
    return shipped if shipped.is_dir() else Path(__file__).parents[3] / "fixtures" / "cases"
