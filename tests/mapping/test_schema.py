"""The JSON Schema by which editors complete mapping files: up to date, and as strict about words as the engine is."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from fhircase.mapping import files
from fhircase.mapping.grammar import SECTIONS
from fhircase.mapping.kinds import kinds
from fhircase.mapping.meanings import MEANINGS
from fhircase.mapping.schema import schema
from fhircase.model import RECORDS

VALIDATOR = Draft7Validator(schema())
SHIPPED = [
    pytest.param(document, id=f"{place.stem}-{number}")
    for place in sorted(files.folder().rglob("*.yaml"))
    for number, document in enumerate(files.documents(place))
]


def plain(document: Any) -> Any:
    return json.loads(json.dumps(document))


def valid(text: str) -> bool:
    return all(VALIDATOR.is_valid(plain(document)) for document in files.parsed(text, "x.yaml"))


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(schema())


@pytest.mark.parametrize("document", SHIPPED)
def test_every_shipped_file_is_valid(document: Any) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(plain(document))] == []


def spots(node: Any, known: Callable[[str], bool], way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a document a word of the grammar stands."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if isinstance(node, dict) and known(key):
            yield (*way, key)
        if key not in ("systems", "extensions", "lacks", "when", "refuses", "removed"):
            yield from spots(value, known, (*way, key))


WORDS = frozenset(word for words in (*SECTIONS.values(), *(kind.words for kind in kinds().values())) for word in words)
CHOICES = [
    (param.values[0], way)
    for param in SHIPPED
    for way in spots(plain(param.values[0]), lambda key: key in WORDS and key not in ("R4", "R5"))
    # A rule may be called like a word: then it is a name, and free.
    if not {"rules", "each", "group", "tables", "types", "resources"} & {way[-2] if len(way) > 1 else ""}
]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, len(CHOICES) - 1), st.integers(0, 100), st.sampled_from("xq-_"))
def test_a_word_with_a_letter_too_many_is_invalid(choice: int, at: int, letter: str) -> None:
    document, way = CHOICES[choice]
    changed = plain(document)
    node = changed
    for step in way[:-1]:
        node = node[step]
    at %= len(way[-1]) + 1
    misspelt = way[-1][:at] + letter + way[-1][at:]
    node[misspelt] = copy.deepcopy(node.pop(way[-1]))
    assert not VALIDATOR.is_valid(changed), (misspelt, way)


@pytest.mark.parametrize(
    "text",
    [
        "overlay: s@1\nover: [case@1]\nadd: {acuity: {feild: task.description}}\n",
        "overlay: s@1\nover: [case@1]\nchange: {acuity: {tabel: x}}\n",
        "overlay: s@1\nover: case@1\n",
        "overlay: s@1\nover: [case@1]\nrows: {case-status: closed}\n",
        "overlay: s@1\n",
    ],
)
def test_a_wrong_overlay_is_invalid(text: str) -> None:
    assert not valid(text)


@pytest.mark.parametrize(
    "text",
    [
        "overlay: s@1\nover: [case@1]\nadd: {acuity: {field: task.description}}\n",
        "overlay: s@1\nover: [case@1]\nchange: {status: {table: x}}\ndrop: [notes]\nrows: {case-status: [closed]}\n",
        "overlay: s@1\nover: [case@1]\nadd: {a: {R4: {field: task.x}, R5: {field: task.y}}}\n",
    ],
)
def test_a_right_overlay_is_valid(text: str) -> None:
    assert valid(text)


def test_every_word_has_a_meaning_and_every_meaning_a_word() -> None:
    words = {**SECTIONS, **{name: kind.words for name, kind in kinds().items()}}
    expected = {(name, word) for name, takes in words.items() for word in takes if word not in MEANINGS[""]}
    told = {(name, word) for name, meanings in MEANINGS.items() for word in meanings if name}
    assert expected == told, "keep mapping/meanings.py with the words"


def test_fields_of_the_model_are_offered_with_what_they_mean() -> None:
    definitions = schema()["definitions"]
    for model in RECORDS.values():
        assert list(definitions[f"fields.{model.__name__}"]["properties"]) == list(model.model_fields)
    goals = definitions["fields.CarePlan"]["properties"]["goals"]["properties"]["each"]
    assert goals == {"$ref": "#/definitions/fields.Goal"}
    assert all(field["description"] for field in definitions["fields.Goal"]["properties"].values())


def test_names_of_a_file_of_ones_own_can_be_known() -> None:
    [own] = files.parsed("mapping: x@1\ntypes: {dose: {of: Quantity, rules: {}}}\ntables: {mine: {rows: [a]}}\n", "x")
    rule = {"mapping": "y@1", "record": "goal", "resources": {}, "rules": {"a": {"dose": "goal.x"}}}
    assert not VALIDATOR.is_valid(rule)
    known = schema([own])
    assert Draft7Validator(known).is_valid(rule)
    tables = known["definitions"]["rule.code"]["properties"]["table"]["anyOf"]
    assert "mine" in tables[0]["enum"]
