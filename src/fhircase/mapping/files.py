"""Mapping files as they are read: strict YAML with line numbers, found by name, overlays laid over them."""

import copy
import difflib
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
    yaml = YAML(typ="rt", pure=True)
    yaml.version = (1, 2)
    try:
        found = [document for document in yaml.load_all(StringIO(text)) if document is not None]
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        what = str(error.problem or error.context or "not YAML").splitlines()[0]
        raise MappingFileError(
            Problem(what, source=f"{place.name}:{line}", hint="mapping files are YAML 1.2 without doubled keys")
        ) from error
    for document in found:
        if not isinstance(document, CommentedMap):
            raise MappingFileError(Problem("holds no `mapping:` and no `overlay:`", source=place.name))
        setattr(document, "file", place.name)  # noqa: B010 - messages name the file a rule stands in
    return tuple(found)


def mapping(name: str) -> CommentedMap:
    """The shipped mapping of that name, with or without its `@version`."""
    return _named("mapping", name, folder())


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
        return next(d for d in documents(place) if "overlay" in d)
    return _named("overlay", name, folder() / "overlays")


def _all(key: str, place: FilePath) -> Iterator[CommentedMap]:
    for file in sorted(place.glob("*.yaml")):
        yield from (document for document in documents(file) if key in document)


def _named(key: str, name: str, place: FilePath) -> CommentedMap:
    known = {str(d[key]): d for d in _all(key, place)}
    for full, document in known.items():
        if name in (full, full.partition("@")[0]):
            return document
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean `{close[0]}`?" if close else f"known: {', '.join(known) or 'none'}"
    raise MappingFileError(Problem(f"no {key} is called `{name}`", hint=hint))


def flattened(name: str, overlays: tuple[str, ...]) -> CommentedMap:
    """A mapping with overlays laid over it, in order: `add`, `change`, `drop` rules and `rows` of tables.

    Raises:
        MappingFileError: an overlay names a rule or table that is not there, or adds one that is.
    """
    base = mapping(name)
    problems: list[Problem] = []
    for each in overlays:
        document = overlay(each)
        if str(base["mapping"]) in document.get("over", []):
            base = copy.deepcopy(base)
            _lay(base, document, problems)
    if problems:
        raise MappingFileError(problems)
    return base


def _lay(base: CommentedMap, over: CommentedMap, problems: list[Problem]) -> None:
    for section in ("systems", "extensions"):
        base.setdefault(section, CommentedMap()).update(over.get(section, {}))
    for action in ("add", "change"):
        for rule, spec in over.get(action, {}).items():
            rules, last = _rules(base, rule)
            if rules is None or (last in rules) == (action == "add"):
                what = "is already there" if rules is not None and action == "add" else "is not there"
                problems.append(_problem(over, f"rule `{rule}` {what}", rules, last))
            elif action == "add":
                rules[last] = spec
            else:
                rules[last].update(spec)
    for rule in over.get("drop", []):
        rules, last = _rules(base, rule)
        if rules is None or last not in rules:
            problems.append(_problem(over, f"rule `{rule}` is not there", rules, last))
        else:
            del rules[last]
    for table, rows in over.get("rows", {}).items():
        if table not in base.get("tables", {}):
            problems.append(_problem(over, f"table `{table}` is not there", base.get("tables"), table))
        else:
            base["tables"][table]["rows"] = [*rows, *base["tables"][table]["rows"]]


def _rules(base: CommentedMap, dotted: str) -> tuple[CommentedMap | None, str]:
    *way, last = dotted.split(".")
    rules: Any = base["rules"]
    for name in way:
        spec = rules.get(name)
        rules = spec.get("each") or spec.get("group") if isinstance(spec, dict) else None
        if not isinstance(rules, CommentedMap):
            return None, last
    return rules, last


def _problem(over: CommentedMap, what: str, known: Any, name: str) -> Problem:
    close = difflib.get_close_matches(name, list(known or ()), n=1)
    hint = f"did you mean `{close[0]}`?" if close else ""
    return Problem(what, source=getattr(over, "file", ""), rule=f"overlay {over['overlay']}", hint=hint)
