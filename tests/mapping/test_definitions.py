"""What is ours on the wire is defined: every extension, and every code of our code systems."""

import re
from pathlib import Path
from typing import Any

from fhircase.fhir import jsontext
from fhircase.mapping import to_fhir
from fhircase.mapping.files import folder
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
