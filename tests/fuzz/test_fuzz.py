"""Whatever comes in, what comes out is a value or one of our errors, in bounded time and memory.

`make test` runs a few hundred examples; `make fuzz` runs 100,000 (`FUZZ_EXAMPLES`).
"""

import os
import random
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.fuzz.mutations import long_text, spoil, spoil_text

from fhircase.errors import FhircaseError
from fhircase.fhir import jsontext
from fhircase.mapping import Reading, from_bundle, from_fhir, to_fhir
from fhircase.records import as_line, read_records, read_resources
from fhircase.records.sample import sample

CORPUS = Path(__file__).parents[2] / "fixtures" / "corpus"
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "400"))
"""Of all tests here together."""
SECONDS = 20
"""Of processor time: longer than any of them may take on a slow machine, however busy it is."""
MEMORY = 2**30
"""Bytes that one input, of at most some 10 MB, may add to the most that was ever in use."""

VERSIONS = pytest.mark.parametrize("fhir", ["R4", "R5"])
INPUTS = st.tuples(st.integers(0, 2**32), st.integers(1, 4))
"""From which seed, and how often spoilt."""


def some(share: float) -> settings:
    return settings(
        max_examples=max(1, int(EXAMPLES * share)),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )


@cache
def seeds(fhir: str) -> list[bytes]:
    """Texts to spoil: real resources, and the resources of a sample caseload, a record each."""
    real = [file.read_bytes() for file in sorted((CORPUS / fhir).glob("*/*.json")) if file.stat().st_size < 40_000]
    return real[::3] + [jsontext.encode(to_fhir(record, fhir)) for record in sample(10, 1)]


@cache
def record_seeds() -> list[bytes]:
    return [as_line(record) for record in sample(10, 1)]


@contextmanager
def bounded() -> Iterator[None]:
    """Time and memory within which it has to come to an end."""

    def late(*_: Any) -> None:
        raise AssertionError(f"not done in {SECONDS} seconds of processor time")

    before, old = _peak(), signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, old)
    assert _peak() - before < MEMORY


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def read_all(resources: list[Any], fhir: str) -> None:
    """Read what is there, account for it, and write it back: a reading that came about loses nothing."""
    found = from_bundle(resources, fhir)
    for refused in found.refused:
        assert refused.problems
    for reading in found.readings:
        written_back(reading, fhir)
    for each in resources[:3]:
        with suppress(FhircaseError):
            from_fhir([each], fhir)


def written_back(reading: Reading, fhir: str) -> None:
    assert len({(entry.resource, entry.pointer) for entry in reading.report}) == len(reading.report)
    before = jsontext.encode(list(reading.resources))
    assert jsontext.encode(to_fhir(reading.record, fhir, onto=reading.resources)) == before


def take(text: bytes, fhir: str) -> None:
    """Take a file as resources, all the way."""
    found = list(read_resources(BytesIO(text), "fuzz.json"))
    assert all((each.resource is None) == bool(each.problems) for each in found)
    read_all([each.resource for each in found if each.resource is not None], fhir)


@VERSIONS
def test_resources_with_anything_in_them(fhir: str) -> None:
    @some(0.4)
    @given(INPUTS)
    def holds(drawn: tuple[int, int]) -> None:
        dice = random.Random(drawn[0])
        tree = jsontext.decode(dice.choice(seeds(fhir)))
        resources = tree if isinstance(tree, list) else [tree]
        for _ in range(drawn[1]):
            spoil(resources, dice)
        with bounded():
            read_all(resources, fhir)

    holds()


@VERSIONS
def test_files_of_resources_that_are_broken(fhir: str) -> None:
    @some(0.05)
    @given(INPUTS)
    def holds(drawn: tuple[int, int]) -> None:
        dice = random.Random(drawn[0])
        text = dice.choice(seeds(fhir))
        for _ in range(drawn[1]):
            text = spoil_text(text, dice)
        with bounded():
            take(text, fhir)

    holds()


def test_records_with_anything_in_them() -> None:
    @some(0.1)
    @given(INPUTS)
    def holds(drawn: tuple[int, int]) -> None:
        dice = random.Random(drawn[0])
        text = dice.choice(record_seeds())
        if dice.random() < 0.7:
            tree = [jsontext.decode(text)]
            for _ in range(drawn[1]):
                spoil(tree, dice)
            text = b"\n".join(jsontext.encode(each) for each in tree)
        else:
            text = spoil_text(text, dice)
        with bounded():
            for line in read_records(BytesIO(text), "fuzz.ndjson"):
                assert (line.record is None) == bool(line.problems)
                if line.record is not None:
                    write_and_read(line.record)

    holds()


def write_and_read(record: Any) -> None:
    for fhir in ("R4", "R5"):
        with suppress(FhircaseError):
            assert from_fhir(to_fhir(record, fhir), fhir, type(record)).record == record


@VERSIONS
def test_texts_of_ten_megabytes(fhir: str) -> None:
    @settings(some(0), max_examples=max(2, EXAMPLES // 2000))
    @given(st.integers(0, 2**32))
    def holds(seed: int) -> None:
        dice = random.Random(seed)
        tree = jsontext.decode(dice.choice(seeds(fhir)))
        long_text(tree, dice)
        with bounded():
            take(jsontext.encode(tree), fhir)

    holds()
