"""Places of two rules that can be the same are told; those that cannot are not, however alike they look."""

import json
from pathlib import Path
from typing import Any

import pytest

from fhircase.errors import MappingFileError
from fhircase.mapping.compiled import compiled

TEXT = {"type": "string"}
HEAD = """mapping: row@1
schema: row.json
resources: {obs: {type: Observation}}
rules:
  number: {key: obs.identifier, system: 'urn:oid:1.2.3.4'}
  status: {constant: obs.status, value: final}
"""


def told(place: Path, rules: str, fields: dict[str, Any]) -> list[str]:
    (place / "row.json").write_text(json.dumps({"type": "object", "properties": {"number": TEXT, **fields}}))
    file = place / f"{len(list(place.iterdir()))}.yaml"
    file.write_text(f"{HEAD}{rules}", encoding="utf-8")
    try:
        compiled(str(file), "R4")
    except MappingFileError as error:
        return [problem.what for problem in error.problems]
    return []


CODE = "  code: {constant: obs.code, value: 'snomed#27113001'}\n"
APART = {
    "by system": ("obs.identifier[system=http://a.example].value", "obs.identifier[system=http://b.example].value"),
    "by code": ("obs.category[this~snomed#1].text", "obs.category[this~snomed#2].text"),
    "one leaves out what the other picks": ("obs.category[this~snomed#1].text", "obs.category[this!~snomed#1].text"),
    "one leaves out the other's system": ("obs.category[this~snomed#1].text", "obs.category[this!$snomed].text"),
    "by type of resource": ("obs.focus[is Patient].display", "obs.focus[type=Group].display"),
    "by what is not that type": ("obs.focus[is Patient].display", "obs.focus[type!=Patient].display"),
    "by parts of one object": ("obs.method.text", "obs.method.coding.display"),
    "by extension": ("obs.extension[release].valueString", "obs.extension[episode].valueString"),
}
SAME = {
    "by system and by use": ("obs.identifier[system=http://a.example].value", "obs.identifier[use=usual].value"),
    "by system and the record's own": ("obs.identifier[system=http://a.example].value", "obs.identifier.value"),
    "the record's number": ("obs.identifier[system=urn:oid:1.2.3.4].value", "obs.language"),
    "by a code and by any": ("obs.category[this~snomed#1].text", "obs.category.text"),
    "by two systems of which a concept can have both": (
        "obs.category[coding.system=http://a.example].text",
        "obs.category[coding.system=http://b.example].text",
    ),
    "by type of resource and by what has a display": ("obs.focus[is Patient].display", "obs.focus[display].display"),
}


@pytest.mark.parametrize("name", APART)
def test_places_that_cannot_be_the_same_are_right(name: str, tmp_path: Path) -> None:
    one, other = APART[name]
    rules = f"{CODE}  one: {{field: '{one}'}}\n  other: {{field: '{other}'}}\n"
    assert told(tmp_path, rules, {"one": TEXT, "other": TEXT}) == []


@pytest.mark.parametrize("name", SAME)
def test_places_that_can_be_the_same_are_told(name: str, tmp_path: Path) -> None:
    one, other = SAME[name]
    rules = f"{CODE}  one: {{field: '{one}'}}\n  other: {{field: '{other}'}}\n"
    assert any("can be the same place" in each for each in told(tmp_path, rules, {"one": TEXT, "other": TEXT}))


def test_types_of_a_choice_may_be_fields_of_an_object_that_says_only_one_of_its_fields(tmp_path: Path) -> None:
    rules = f"""{CODE}  parts:
    list: obs.component
    each:
      code: {{constant: .code, value: 'snomed#27113001'}}
      words: {{field: .valueString}}
      yes: {{field: .valueBoolean}}
"""
    part = {"type": "object", "properties": {"words": TEXT, "yes": {"type": "boolean"}}}
    wrong = told(tmp_path, rules, {"parts": {"type": "array", "items": part}})
    assert wrong == ["only one of `.valueBoolean` and `.valueString` can be there"]
    assert told(tmp_path, rules, {"parts": {"type": "array", "items": {**part, "maxProperties": 1}}}) == []
