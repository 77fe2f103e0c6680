"""Mapping files as they are read: strict YAML with line numbers, found by name, overlays laid over them."""

import copy
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from io import StringIO
from pathlib import Path as FilePath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError

from fhircase.errors import MappingFileError, Problem
from fhircase.mapping.grammar import near, overlay_problems
from fhircase.mapping.grammar import problems as form_problems
from fhircase.mapping.kinds import kinds
from fhircase.mapping.lines import source, stamp

VOCABULARY = "vocabulary"


def folder() -> FilePath:
    """Where the shipped mapping files are: in the installed package, or in the checkout."""
    shipped = FilePath(str(files("fhircase"))) / "_mappings"
    return shipped if shipped.is_dir() else FilePath(__file__).parents[3] / "mappings"


@cache
def documents(place: FilePath) -> tuple[CommentedMap, ...]:
    """The YAML documents of one file, each a mapping with `.file` and line numbers.

    Raises:
        MappingFileError: it is not there, or not YAML; the problem names the line.
    """
    try:
        text = place.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MappingFileError(Problem("cannot be read", source=str(place), hint=str(error))) from error
    return tuple(parsed(text, place.name, str(place.parent)))


def parsed(text: str, name: str, folder: str = "") -> list[CommentedMap]:
    """The YAML documents in a text.

    Raises:
        MappingFileError: it is not YAML; the problem names the line.
    """
    yaml = YAML(typ="rt", pure=True)
    yaml.version = (1, 2)
    try:
        found = [document for document in yaml.load_all(StringIO(text)) if document is not None]
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        what = str(error.problem or error.context or "not YAML").splitlines()[0]
        raise MappingFileError(
            Problem(what, source=f"{name}:{line}", hint="mapping files are YAML 1.2 without doubled keys")
        ) from error
    for document in found:
        if not isinstance(document, CommentedMap):
            raise MappingFileError(Problem("holds no `mapping:` and no `overlay:`", source=name))
        stamp(document, name, folder)
    return found


def mapping(name: str) -> CommentedMap:
    """A mapping by name (shipped; with or without its `@version`) or by path."""
    place = FilePath(name)
    if place.suffix in (".yaml", ".yml"):
        return _in_file("mapping", place)
    return _named("mapping", name, folder())


def _in_file(key: str, place: FilePath) -> CommentedMap:
    found = next((document for document in documents(place) if key in document), None)
    if found is None:
        raise MappingFileError(Problem(f"holds no `{key}:`", source=place.name))
    return found


def vocabulary() -> CommentedMap:
    """The systems, extensions, types and tables that all mappings share."""
    return documents(folder() / f"{VOCABULARY}.yaml")[0]


def names() -> list[str]:
    """The names of all shipped mappings."""
    return [str(d["mapping"]) for d in _all("mapping", folder())]


def overlay(name: str) -> CommentedMap:
    """An overlay by name (shipped) or by path."""
    place = FilePath(name)
    if place.suffix in (".yaml", ".yml"):
        return _in_file("overlay", place)
    return _named("overlay", name, folder() / "overlays")


def _all(key: str, place: FilePath) -> Iterator[CommentedMap]:
    for file in sorted(place.glob("*.yaml")):
        yield from (document for document in documents(file) if key in document)


def _named(key: str, name: str, place: FilePath) -> CommentedMap:
    known = {str(d[key]): d for d in _all(key, place)}
    for full, document in known.items():
        if name in (full, full.partition("@")[0]):
            return document
    hint = near(name, known).removeprefix("; ") or f"known: {', '.join(known) or 'none'}"
    raise MappingFileError(Problem(f"no {key} is called `{name}`", hint=hint))


def flattened(name: str, overlays: tuple[str, ...]) -> CommentedMap:
    """A mapping with overlays laid over it, in order: `add`, `change`, `drop` rules and `rows` of tables.

    Raises:
        MappingFileError: an overlay names a rule or table that is not there, or adds one that is.
    """
    base = mapping(name)
    over = [overlay(each) for each in overlays]
    if wrong := [*form_problems(base), *(each for document in over for each in overlay_problems(document))]:
        raise MappingFileError(wrong)
    problems: list[Problem] = []
    for document in over:
        if str(base["mapping"]) in document["over"]:
            base = copy.deepcopy(base)
            _lay(base, document, problems)
    if problems:
        raise MappingFileError(problems)
    return base


def _lay(base: CommentedMap, over: CommentedMap, problems: list[Problem]) -> None:
    for section in ("systems", "extensions"):
        base.setdefault(section, CommentedMap()).update(over.get(section, {}))
    _claim(base, over, problems)
    for rule, spec in over.get("add", {}).items():
        rules, last = _rules(base, str(rule))
        if rules is None or last in rules:
            what = "is already there: change it" if rules is not None else "has no place there"
            problems.append(Problem(f"rule `{rule}` {what}", source=source(over["add"], rule), rule="add"))
        else:
            rules[last] = spec
    for rule, spec in over.get("change", {}).items():
        if rules := _found(base, over["change"], rule, problems, "change"):
            _change(rules, str(rule).rpartition(".")[2], spec)
    for at, rule in enumerate(over.get("drop", [])):
        if rules := _found(base, over["drop"], rule, problems, "drop", at):
            del rules[str(rule).rpartition(".")[2]]
    for table, rows in over.get("rows", {}).items():
        known = base.get("tables", {})
        if table not in known:
            what = f"table `{table}` is not there{near(table, known)}"
            problems.append(Problem(what, source=source(over["rows"], table), rule="rows"))
        else:
            _put_first(known[table], rows)


def _claim(base: CommentedMap, over: CommentedMap, problems: list[Problem]) -> None:
    """Profiles beside those that are claimed already; an overlay over several mappings claims in each what it has."""
    claims = base.setdefault("profiles", CommentedMap())
    own, known = roles(base), {role for name in over["over"] for role in roles(mapping(str(name)))}
    for role, claimed in over.get("profiles", {}).items():
        if role in own:
            before = claims.get(role, [])
            claims[role] = copy.copy(claimed)
            claims[role][:0] = [each for each in before if each not in claimed]
        elif role not in known:
            what = f"no resource is called `{role}`{near(role, known)}"
            problems.append(Problem(what, source=source(over["profiles"], role), rule="profiles"))


def roles(spec: Any) -> list[str]:
    """The names of all resources of a mapping, those of its items included."""
    if isinstance(spec, list):
        return [role for inner in spec for role in roles(inner)]
    if not isinstance(spec, dict):
        return []
    named = [spec.get("resources"), spec.get("resource")]
    return [str(role) for each in named if isinstance(each, dict) for role in each] + [
        role for inner in spec.values() for role in roles(inner)
    ]


def _found(
    base: CommentedMap, where: Any, rule: Any, problems: list[Problem], action: str, at: int | None = None
) -> CommentedMap | None:
    """The rules that a rule is one of; a problem, if it is not."""
    rules, last = _rules(base, str(rule))
    if rules is not None and last in rules:
        return rules
    what = f"rule `{rule}` is not there{near(last, rules or ())}"
    problems.append(Problem(what, source=source(where, rule if at is None else at), rule=action))
    return None


def _change(rules: CommentedMap, name: str, spec: CommentedMap) -> None:
    """Other words for a rule; a rule of another kind takes its place."""
    kind = next(iter(spec), None)
    if kind in kinds() and kind not in rules[name]:
        rules[name] = spec
    else:
        rules[name].update(spec)


def _put_first(table: Any, rows: list[Any]) -> None:
    """The first row of a value is written, so an overlay's rows stand before the others, in every version."""
    for versioned in (table, table.get("R4"), table.get("R5")):
        if versioned and "rows" in versioned:
            versioned["rows"] = [*rows, *versioned["rows"]]


def _rules(base: CommentedMap, dotted: str) -> tuple[CommentedMap | None, str]:
    *way, last = dotted.split(".")
    rules: Any = base["rules"]
    for name in way:
        spec = rules.get(name)
        rules = spec.get("each") or spec.get("group") if isinstance(spec, dict) else None
        if not isinstance(rules, CommentedMap):
            return None, last
    return rules, last
