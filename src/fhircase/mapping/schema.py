"""The JSON Schema of mapping files, overlays and the vocabulary, made from what the engine itself checks them by.

Editors complete words, fields and known names by it. It says which words may stand where; whether the paths are FHIR's
and the rules lawful is for `fhircase mappings check`.
"""

import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from fhircase.fhir.elements import elements
from fhircase.mapping import files
from fhircase.mapping.grammar import MERGING, SECTIONS, Words
from fhircase.mapping.kinds import kinds
from fhircase.mapping.meanings import MEANINGS
from fhircase.mapping.merging import Policy
from fhircase.model import RECORDS

Schema = dict[str, Any]

DRAFT = "http://json-schema.org/draft-07/schema#"
"""The draft that YAML language servers read."""

_TEXTS: Schema = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_ROWS: Schema = {"type": "array", "items": {"type": ["string", "array"], "items": {"type": ["string", "array"]}}}
_ROWS_OR_FILE: Schema = {"anyOf": [_ROWS, {"type": "string", "pattern": r"\.([ct]sv|json)$"}]}
_VERSIONS = ("R4", "R5")
"""The words under which a rule, resource or table says what is otherwise in a version."""


_DOCUMENTS = ("mapping", "overlay", "vocabulary")


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _map(value: Schema) -> Schema:
    return {"type": "object", "additionalProperties": value}


_SHAPES: Mapping[str, Schema] = {
    "text": {"type": "string"},
    "texts": _TEXTS,
    "flag": {"type": "boolean"},
    "list": {"type": "array"},
    "map": {"type": "object"},
    "rows": _map(_ROWS),
    "reasons": _map({"type": "string"}),
    "any": {"not": {"type": "null"}},
    "rule": _ref("rule"),
    "rules": _map(_ref("rule")),
    "[rule]": {"type": "array", "items": _ref("rule")},
}
_HELD: Mapping[str, Schema] = {
    "resources": _map(_ref("resource")),
    "types": _map(_ref("type")),
    "tables": _map(_ref("table")),
    "systems": _map({"type": "string"}),
    "extensions": _map({"type": "string"}),
    "profiles": _map(_TEXTS),
    "merge": {"enum": [str(policy) for policy in Policy]},
    "order": {"type": "array", "items": {"anyOf": [{"type": "string"}, _TEXTS]}},
    "vocabulary.items": _map(_map(_ref("rule"))),
    "table.rows": _ROWS_OR_FILE,
    "overlay.rows": _map(_ROWS_OR_FILE),
    "overlay.change": _map(_ref("words")),
}
"""What a section holds, where its shape alone does not say it."""


def schema(documents: Iterable[Mapping[str, Any]] = ()) -> Schema:
    """The schema of all documents that a mapping file can hold.

    Args:
        documents: mappings or overlays whose own types, tables and names are to be known, too.
    """
    known = _known(documents)
    words = {kind.name: kind.words for kind in kinds().values()} | {
        name: {name: "text|texts"} for name in known["each"]
    }
    words = {name: {**takes, **MERGING} for name, takes in words.items()}
    made = {name: _section(takes, name, known) for name, takes in SECTIONS.items()}
    made |= {f"rule.{name}": _kind(takes, name, known, words) for name, takes in words.items()}
    every = [word for takes in words.values() for word in [*takes, *_VERSIONS]]
    made |= {
        "named": _having(words),
        "rule": _rule(words),
        "words": _changed(words, _object({word: {} for word in every})),
        **_fields(),
    }
    made["mapping"]["properties"]["record"]["enum"] = list(RECORDS)
    made["mapping"]["allOf"] = [_when_of(kind, model) for kind, model in RECORDS.items()]
    return {
        "$schema": DRAFT,
        "title": "fhircase mapping file",
        "description": "A mapping, an overlay over mappings, or the vocabulary that mappings share.",
        "type": "object",
        "allOf": [_if(_having([name]), _ref(name)) for name in _DOCUMENTS],
        **_having(_DOCUMENTS),
        "definitions": made,
    }


def _known(documents: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The names that are known to stand after a word; others may, too."""
    every = [files.vocabulary(), *map(files.mapping, files.names()), *documents]
    types = sorted({name for version in _VERSIONS for name in elements(version).resources()})
    return {
        "table": sorted({str(name) for document in every for name in document.get("tables", ())}),
        "each": list(dict.fromkeys(str(name) for document in every for name in document.get("types", ()))),
        "use": [*files.vocabulary()["items"], *(name.partition("@")[0] for name in files.names())],
        "over": files.names(),
        **dict.fromkeys(("resource.type", "link.type", "contained.resource"), types),
    }


def _object(properties: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    """An object of these words and no others."""
    needs = {"required": list(required)} if required else {}
    return {"type": "object", "properties": dict(properties), **needs, "additionalProperties": False}


def _section(words: Words, name: str, known: Mapping[str, list[str]]) -> Schema:
    """An entry of a file: its words, each with its shape and meaning."""
    properties = {word: _word(name, word, takes, known) for word, takes in words.items() if word not in _VERSIONS}
    other = {"anyOf": [_object(properties)]}
    versions = {version: {"description": MEANINGS[""][version], **other} for version in _VERSIONS if version in words}
    return _object({**properties, **versions}, _needed(words))


def _kind(words: Words, name: str, known: Mapping[str, list[str]], kinds: Mapping[str, Words]) -> Schema:
    """The words of a kind of rule; in another version it can be of another kind, or have just another path."""
    properties = {word: _word(name, word, takes, known) for word, takes in words.items()}
    another = {"allOf": [_ref("named")], "not": _having([kind for kind in kinds if kind in words])}
    alone: Schema = {"anyOf": [_ref(f"rule.{name}"), {"type": ["string", "array"]}]}
    other = {"if": another, "then": _ref("rule"), "else": alone}
    return _object({**properties, **{v: {"description": MEANINGS[""][v], **other} for v in _VERSIONS}})


def _rule(kinds: Mapping[str, Words]) -> Schema:
    """A rule: the word that names its kind says which others it takes."""
    by_kind = [
        _if(_of_kind(name, kinds), {"allOf": [_ref(f"rule.{name}")], "required": _needed(words)})
        for name, words in kinds.items()
    ]
    first = {name: {"description": MEANINGS.get(name, {}).get(name, f"An object: `{name}`.")} for name in kinds}
    unnamed = _object({**first, **dict.fromkeys(_VERSIONS, _ref("rule"))}, _VERSIONS)
    return {"type": "object", "allOf": [*by_kind, _if({"not": _ref("named")}, unnamed)]}


def _changed(kinds: Mapping[str, Words], words: Schema) -> Schema:
    """Some words for a rule that is there: those of one kind, if one is named."""
    by_kind = [_if(_of_kind(name, kinds), _ref(f"rule.{name}")) for name in kinds]
    return {"type": "object", "allOf": [*by_kind, words]}


def _of_kind(name: str, kinds: Mapping[str, Words]) -> Schema:
    """Whether a rule is of a kind: it has the kind's word, and not as a word of another kind."""
    around = [other for other, words in kinds.items() if other != name and name in words]
    return {**_having([name]), "not": _having(around)} if around else _having([name])


def _having(words: Iterable[str]) -> Schema:
    return {"anyOf": [{"required": [word]} for word in words], "type": "object"}


def _if(test: Schema, then: Schema) -> Schema:
    return {"if": test, "then": then}


def _needed(words: Words) -> list[str]:
    return [word for word, takes in words.items() if takes[-1] != "?"]


def _word(name: str, word: str, takes: str, known: Mapping[str, list[str]]) -> Schema:
    held = _HELD.get(f"{name}.{word}") or _HELD.get(word)
    names = known.get(f"{name}.{word}") or known.get(word)
    shapes = [held] if held else [_shape(shape, names) for shape in takes.removesuffix("?").split("|")]
    meaning = MEANINGS.get(name, {}).get(word) or (MEANINGS[""].get(word) if word in MERGING else None)
    # Beside a `$ref` nothing else is read.
    made = shapes[0] if len(shapes) == 1 and "$ref" not in shapes[0] else {"anyOf": shapes}
    return {"description": meaning, **made} if meaning else dict(made)


def _shape(shape: str, names: list[str] | None) -> Schema:
    text: Schema = {"anyOf": [{"enum": names}, {"type": "string"}]}
    if names and shape == "text":
        return text
    return {**_TEXTS, "items": text} if names and shape == "texts" else _SHAPES[shape]


def _when_of(kind: str, model: type[BaseModel]) -> Schema:
    chosen = {"properties": {"record": {"const": kind}}, "required": ["record"]}
    return _if(chosen, {"properties": {"rules": _ref(f"fields.{model.__name__}")}})


def _fields() -> Schema:
    """The fields of every model that records hold, for completion; a rule may have other names, too."""
    made: Schema = {}
    todo: list[type[BaseModel]] = list(RECORDS.values())
    while todo:
        model = todo.pop()
        name = f"fields.{model.__name__}"
        if name in made:
            continue
        properties: Schema = {}
        for field, info in model.model_fields.items():
            inner = list(dict.fromkeys(_models(info.annotation)))
            todo += inner
            properties[field] = {"description": info.description or f"{field} of {model.__name__}"}
            if len(inner) == 1:
                below = _ref(f"fields.{inner[0].__name__}")
                properties[field] |= {"properties": {"each": below, "group": below}}
        made[name] = {"properties": properties}
    return dict(sorted(made.items()))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models(argument)
