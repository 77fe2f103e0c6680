"""What may stand where in a mapping file: its sections, the words of each kind of rule, and what each of them takes.

A word takes `text`, a list of `texts`, `flag`, `list`, `map`, a `rule`, `rules` by name, a list of them (`[rule]`),
`reasons` by name, `rows` by reason, several of these (`text|texts`) or `any`thing; `?` says that it may be left out.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ruamel.yaml.comments import CommentedMap

from fhircase.errors import Problem
from fhircase.fhir.elements import VERSIONS
from fhircase.mapping.lines import source
from fhircase.model import RECORDS

Words = Mapping[str, str]

_SHARED: Words = {"systems": "map?", "extensions": "map?", "profiles": "map?", "claims": "map?"}
_MAPPING: Words = {
    "mapping": "text",
    "record": "text?",
    "model": "text?",
    "schema": "text?",
    "resources": "map",
    "rules": "rules",
    "anchors": "texts?",
    "when": "map?",
    "lacks": "reasons?",
    "refuses": "map?",
    "types": "map?",
    "tables": "map?",
    **_SHARED,
}
_OVERLAY: Words = {
    "overlay": "text",
    "over": "texts",
    "add": "rules?",
    "change": "map?",
    "drop": "texts?",
    "rows": "map?",
    "reads": "map?",
    "tables": "map?",
    "resources": "map?",
    "lacks": "reasons?",
    "fhir": "text|texts?",
    **_SHARED,
}
_RESOURCE: Words = {"type": "text", "via": "text|texts?", "make": "text?", "linked": "flag?"}
_TABLE: Words = {
    "rows": "list",
    "reads": "rows?",
    "lacks": "reasons?",
    "refuses": "reasons?",
    "lossy": "text?",
    "unknown": "text?",
}
_TYPE: Words = {"of": "text", "rules": "rules"}
_VERSIONS: Words = {"R4": "any?", "R5": "any?"}

MERGING: Words = {"merge": "text?", "order": "list?"}
"""The words of every kind of rule that are about what both sides have changed."""

_VERSIONED = re.compile(r"[a-z]+:[^|\s]+\|[^|\s]+")

SECTIONS: Mapping[str, Words] = {
    "mapping": _MAPPING,
    "overlay": _OVERLAY,
    "vocabulary": {"vocabulary": "text", "types": "map?", "items": "map?", "tables": "map?", **_SHARED},
    "resource": {**_RESOURCE, **_VERSIONS},
    "type": _TYPE,
    "table": {**_TABLE, **_VERSIONS},
}
"""The words of each kind of document and of the entries in it."""

_TYPES: Mapping[str, Any] = {"text": str, "flag": bool, "list": list, "[rule]": list} | dict.fromkeys(
    ("map", "rule", "rules"), Mapping
)

_INSIDE: Mapping[str, Any] = {"rows": list, "reasons": str}

_CALLED: Mapping[str, str] = {
    "text": "a text",
    "flag": "true or false",
    "texts": "a list of texts `[..., ...]`",
    "list": "a list `[...]`",
    "map": "names with values `{name: ...}`",
    "rule": "names with values `{name: ...}`",
    "rules": "names with values `{name: ...}`",
    "[rule]": "a list `[...]`",
    "rows": "reasons with their rows `{reason: [[...], ...]}`",
    "reasons": "names with reasons `{name: reason}`",
    "any": "a value",
}


class SpecError(ValueError):
    """Something is not written as its kind demands; `source` where it is not the rule's own line that is wrong."""

    def __init__(self, what: str, source: str = "") -> None:
        super().__init__(what)
        self.source = source


def wrong(spec: Any, words: Words, what: str) -> Iterator[tuple[Any, str]]:
    """What is wrong with the words of one entry, each with the word it is about (None for the entry itself)."""
    if not isinstance(spec, Mapping):
        yield None, f"{what} is written `{{{', '.join(w for w, takes in words.items() if takes[-1] != '?')}: ...}}`"
        return
    for word, value in spec.items():
        if word not in words:
            yield word, f"{what} has no word `{word}`{near(word, words)}"
        elif not _takes(words[word].removesuffix("?"), value):
            kinds = words[word].removesuffix("?").split("|")
            yield word, f"`{word}` takes {' or '.join(_CALLED[kind] for kind in kinds)}"
    for word, takes in words.items():
        if word not in spec and not takes.endswith("?"):
            yield None, f"{what} needs `{word}:`"


def _takes(kinds: str, value: Any) -> bool:
    return any(_is(kind, value) for kind in kinds.split("|"))


def _is(kind: str, value: Any) -> bool:
    if kind == "texts":
        return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)
    if kind in _INSIDE:
        inner = value.items() if isinstance(value, Mapping) else ()
        return bool(inner) and all(_words(name) and isinstance(each, _INSIDE[kind]) and each for name, each in inner)
    return value is not None if kind == "any" else isinstance(value, _TYPES[kind])


def _words(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def near(name: Any, known: Iterable[Any]) -> str:
    """A question after the known name that is nearest."""
    close = difflib.get_close_matches(str(name), [str(each) for each in known], n=1)
    return f"; did you mean `{close[0]}`?" if close else ""


def overlay_problems(document: CommentedMap) -> Iterator[Problem]:
    """What is wrong with the form of an overlay."""
    yield from _entry(document, _OVERLAY, "an overlay", "")
    for word in ("add", "change", "rows", "reads", "tables", "resources"):
        for name, value in _section(document, word):
            wanted = {"rows": "list", "reads": "rows"}.get(word, "map")
            if not _takes(wanted, value):
                yield Problem(f"`{name}` takes {_CALLED[wanted]}", source=source(document[word], name), rule=word)
    for word, words, what in (("resources", _optional(_RESOURCE), "a resource"), ("tables", _TABLE, "a table")):
        for name, spec in _section(document, word):
            if isinstance(spec, Mapping):
                found = {**words, **_VERSIONS}
                yield from _entry(spec, found, what, f"{word}.{name}", source(document[word], name))
    yield from _for_versions(document)
    yield from _names(document)
    yield from _profiles(document)


def _for_versions(document: CommentedMap) -> Iterator[Problem]:
    """An overlay for a version of FHIR that nobody speaks would never be laid."""
    wanted = document.get("fhir", [])
    for each in [wanted] if isinstance(wanted, str) else _texts(wanted):
        if each not in VERSIONS:
            what = f"no FHIR version is called `{each}`{near(each, VERSIONS)}"
            yield Problem(what, source=source(document, "fhir"), rule="fhir", hint=f"known: {', '.join(VERSIONS)}")


def problems(document: CommentedMap) -> Iterator[Problem]:
    """What is wrong with the form of a mapping, before its rules are looked at."""
    yield from _entry(document, _MAPPING, "a mapping", "")
    yield from _bound(document)
    record = document.get("record")
    if isinstance(record, str) and record not in RECORDS:
        what = f"no record is called `{record}`{near(record, RECORDS)}"
        yield Problem(what, source=source(document, "record"), hint=f"known: {', '.join(RECORDS)}")
    for word, words, what in (
        ("resources", SECTIONS["resource"], "a resource"),
        ("types", SECTIONS["type"], "a type"),
        ("tables", SECTIONS["table"], "a table"),
    ):
        for name, spec in _section(document, word):
            yield from _entry(spec, words, what, f"{word}.{name}", source(document[word], name))
    for word in ("resources", "rules"):
        if word in document and not document[word]:
            yield Problem(f"`{word}` is empty", source=source(document, word), rule=word)
    yield from _versions(document)
    yield from _names(document)
    yield from _profiles(document)
    yield from _fields(document)


def _bound(document: CommentedMap) -> Iterator[Problem]:
    """It carries one of our records, or a model of theirs."""
    named = [word for word in ("record", "model", "schema") if word in document]
    if not named:
        hint = "or `model: package.module:Class`, or `schema: file.json`, for records of your own"
        yield Problem("a mapping needs `record:`", source=source(document), hint=hint)
    for word in named[1:]:
        what = f"a mapping is bound by `{named[0]}` or by `{word}`, not by both"
        yield Problem(what, source=source(document, word), rule=word)


def _optional(words: Words) -> Words:
    return {word: f"{takes.removesuffix('?')}?" for word, takes in words.items()}


def _versions(document: CommentedMap) -> Iterator[Problem]:
    words = {"resources": _optional(_RESOURCE), "tables": _optional(_TABLE)}
    for section, inner in words.items():
        for name, spec in _section(document, section):
            for version in _VERSIONS.keys() & spec.keys() if isinstance(spec, Mapping) else ():
                yield from _entry(spec[version], inner, version, f"{section}.{name}.{version}", source(spec, version))


def _names(document: CommentedMap) -> Iterator[Problem]:
    for section in ("systems", "extensions"):
        for name, uri in _section(document, section):
            if not isinstance(uri, str):
                yield Problem(f"`{name}` takes a URI", source=source(document[section], name), rule=section)


def _profiles(document: CommentedMap) -> Iterator[Problem]:
    for profile, demands in _section(document, "claims"):
        if not _takes("texts", demands):
            what = f"`{profile}` takes a list of what a resource has to have `[code, subject, ...]`"
            yield Problem(what, source=source(document["claims"], profile), rule="claims")
    for role, claimed in _section(document, "profiles"):
        if not _takes("texts", claimed) or not all(_VERSIONED.fullmatch(each) for each in claimed):
            what = f"`{role}` takes a list of profiles `[canonical|version, ...]`"
            yield Problem(what, source=source(document["profiles"], role), rule="profiles")


def _fields(document: CommentedMap) -> Iterator[Problem]:
    model = RECORDS.get(str(document.get("record")))
    for word in ("when", "lacks") if model else ():
        for name in _texts(document.get(word)):
            if model and name not in model.model_fields:
                what = f"{model.__name__} has no field `{name}`{near(name, model.model_fields)}"
                yield Problem(what, source=source(document[word], name), rule=word)
    roles = dict(_section(document, "resources"))
    for role in _texts(document.get("anchors")):
        if roles and role not in roles:
            what = f"no resource is called `{role}`{near(role, roles)}"
            yield Problem(what, source=source(document, "anchors"), rule="anchors")


def _texts(found: Any) -> list[str]:
    return [each for each in found if isinstance(each, str)] if isinstance(found, list | Mapping) else []


def _section(document: CommentedMap, word: str) -> Iterable[tuple[Any, Any]]:
    found = document.get(word)
    return list(found.items()) if isinstance(found, Mapping) else []


def _entry(spec: Any, words: Words, what: str, rule: str, at: str = "") -> Iterator[Problem]:
    for word, message in wrong(spec, words, what):
        yield Problem(message, source=(source(spec, word) if word is not None else "") or at or source(spec), rule=rule)
