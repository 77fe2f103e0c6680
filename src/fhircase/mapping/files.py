"""Mapping files as they are read: strict YAML with line numbers, found by name, overlays laid over them."""

import copy
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from io import StringIO
from pathlib import Path as FilePath

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError

from fhircase.errors import MappingFileError, Problem
from fhircase.mapping.grammar import near, overlay_problems
from fhircase.mapping.grammar import problems as form_problems
from fhircase.mapping.lines import stamp
from fhircase.mapping.overlay import applies, in_order, lay
from fhircase.mapping.table_files import fill_tables

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
    found = parsed(text, place.name, str(place.parent))
    for document in found:
        fill_tables(document, place.parent)
    return tuple(found)


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
    """A mapping by name (shipped; without its `@version`, the newest) or by path."""
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


def overlays() -> list[str]:
    """The names of all shipped overlays."""
    return list(dict.fromkeys(str(d["overlay"]) for d in _all("overlay", folder() / "overlays")))


def overlay(name: str) -> list[CommentedMap]:
    """The documents of an overlay, by name (shipped) or all that are in a file, by path."""
    place = FilePath(name)
    if place.suffix in (".yaml", ".yml"):
        _in_file("overlay", place)
        return [document for document in documents(place) if "overlay" in document]
    found = _named("overlay", name, folder() / "overlays")
    return [each for each in _all("overlay", folder() / "overlays") if each["overlay"] == found["overlay"]]


def _all(key: str, place: FilePath) -> Iterator[CommentedMap]:
    for file in sorted(place.glob("*.yaml")):
        yield from (document for document in documents(file) if key in document)


def _named(key: str, name: str, place: FilePath) -> CommentedMap:
    known = {str(d[key]): d for d in _all(key, place)}
    for full in sorted(known, key=_version, reverse=True):
        if name in (full, full.partition("@")[0]):
            return known[full]
    hint = near(name, known).removeprefix("; ") or f"known: {', '.join(known) or 'none'}"
    raise MappingFileError(Problem(f"no {key} is called `{name}`", hint=hint))


def _version(name: str) -> list[int]:
    return [int(part) for part in name.partition("@")[2].split(".") if part.isdecimal()]


def flattened(name: str, overlays: tuple[str, ...], version: str = "R4") -> CommentedMap:
    """A mapping with overlays laid over it, in order, those that they lie over before them.

    Raises:
        MappingFileError: an overlay names what is not there, or adds what is.
    """
    base = mapping(name)
    called = str(base["mapping"])
    over = in_order(overlays, overlay, [*names(), called])
    if wrong := [*form_problems(base), *(each for document in over for each in overlay_problems(document))]:
        raise MappingFileError(wrong)
    problems: list[Problem] = []
    for document in over:
        if applies(document, called, version):
            base = copy.deepcopy(base)
            # A copy, for what an overlay brings is changed by what is laid after it.
            problems += lay(base, copy.deepcopy(document), vocabulary(), _lain_over(document))
    if problems:
        raise MappingFileError(problems)
    return base


def applied(name: str, overlays: tuple[str, ...], version: str = "R4") -> bool:
    """Whether any of the overlays, or of those they lie over, says something of a mapping."""
    called = str(mapping(name)["mapping"])
    return any(applies(document, called, version) for document in in_order(overlays, overlay, [*names(), called]))


def _lain_over(document: CommentedMap) -> Iterator[CommentedMap]:
    """The shipped mappings that an overlay lies over."""
    for name in document["over"]:
        if any(name in (full, full.partition("@")[0]) for full in names()):
            yield mapping(str(name))
