"""What is ours on the wire is defined: every extension, and every code of our code systems."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fhircase.fhir import jsontext
from fhircase.mapping import to_fhir
from fhircase.mapping.compiled import all_compiled
from fhircase.mapping.files import folder
from fhircase.mapping.kinds.code import Code
from fhircase.mapping.kinds.rule import Shape
from fhircase.records.sample import sample

OURS = "https://fhircase.org/fhir/"


def definitions() -> dict[str, Any]:
    found = [jsontext.decode(file.read_bytes()) for file in sorted((folder() / "definitions").glob("*.json"))]
    return {body["url"]: body for body in found}


def codings(node: Any) -> Any:
    if isinstance(node, dict):
        if str(node.get("system", "")).startswith(f"{OURS}CodeSystem"):
            yield node["system"], node["code"]
        node = list(node.values())
    for value in node if isinstance(node, list) else ():
        yield from codings(value)


def test_every_url_of_ours_in_the_mappings_has_a_definition() -> None:
    texts = [Path(file).read_text(encoding="utf-8") for file in folder().glob("*.yaml")]
    used = {url for text in texts for url in re.findall(rf"{OURS}[A-Za-z]+/[a-z-]+", text)}
    assert used == set(definitions())


def test_every_code_of_ours_that_is_written_is_in_its_code_system() -> None:
    known = {(url, concept["code"]) for url, body in definitions().items() for concept in body.get("concept", ())}
    written = {
        coding for record in sample(150, 2) for fhir in ("R4", "R5") for coding in codings(to_fhir(record, fhir))
    }
    assert len(written) > 30
    assert written - known == set()


def test_every_code_of_ours_in_the_mapping_files_is_in_its_code_system() -> None:
    systems = {"own": "fhircase", "status": "status", "domain": "referral-domain"}
    known = {(url, concept["code"]) for url, body in definitions().items() for concept in body.get("concept", ())}
    texts = [file.read_text(encoding="utf-8") for file in folder().glob("*.yaml")]
    tokens = {token for text in texts for token in re.findall(r"\b(own|status|domain)#([a-z-]+)", text)}
    assert {(f"{OURS}CodeSystem/{systems[alias]}", code) for alias, code in tokens} - known == set()


@pytest.mark.parametrize("fhir", ["R4", "R5"])
def test_every_code_that_a_table_puts_into_a_code_system_of_ours_is_in_it(fhir: str) -> None:
    known = {(url, concept["code"]) for url, body in definitions().items() for concept in body.get("concept", ())}
    written = {code for mapping in all_compiled(fhir) for code in tabled(mapping.shape)}
    assert len(written) > 10
    assert written - known == set()


def tabled(shape: Shape) -> Iterator[tuple[str, str]]:
    for rule in shape.rules.values():
        for column, path in enumerate(rule.paths) if isinstance(rule, Code) else ():
            wanted = [test.wanted[0] for step in path.steps for test in step.tests if test.how == "="]
            for system in [each for each in wanted if each.startswith(OURS) and "CodeSystem" in each]:
                yield from ((system, code) for row in rule.table.rows.values() if (code := row[column]) is not None)
        inner = getattr(rule, "shape", None) or getattr(rule, "each", None)
        if isinstance(inner, Shape):
            yield from tabled(inner)


def test_a_code_system_says_how_many_codes_it_has() -> None:
    counts = [(body["count"], len(body["concept"])) for body in definitions().values() if "concept" in body]
    assert len(counts) > 2
    assert [pair for pair in counts if pair[0] != pair[1]] == []
