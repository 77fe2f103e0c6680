"""Code tables of one place as FHIR ConceptMaps, of R4 or R5: the source's codes are the model's values.

| in a table                   | R4 `equivalence` | R5 `relationship`                |
|------------------------------|------------------|----------------------------------|
| `[ours, code]`               | equivalent       | equivalent                       |
| `[ours, ~code]`              | wider            | source-is-narrower-than-target   |
| below `reads: {reason: ...}` | narrower         | source-is-broader-than-target    |
| `[ours, '-']`                | unmatched        | `noMap`                          |

The comment is the reason why a row is only read, or, with `~code`, why it may not come back by itself (`lossy`).

Source: https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html, https://hl7.org/fhir/R5/valueset-concept-map-relationship.html
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from fhircase.errors import MappingFileError, Problem
from fhircase.fhir import jsontext
from fhircase.mapping.grammar import near
from fhircase.mapping.lines import stamp

EQUIVALENT, WIDER, NARROWER, UNMATCHED, NOT = "equivalent", "wider", "narrower", "unmatched", "not"
_R4 = {
    "equivalent": EQUIVALENT,
    "equal": EQUIVALENT,
    "wider": WIDER,
    "subsumes": WIDER,
    "narrower": NARROWER,
    "specializes": NARROWER,
    "unmatched": UNMATCHED,
    "disjoint": NOT,
}
_R5 = {
    "equivalent": EQUIVALENT,
    "source-is-narrower-than-target": WIDER,
    "source-is-broader-than-target": NARROWER,
    "not-related-to": NOT,
}
_VAGUE = ("relatedto", "inexact", "related-to")
_ONE = (
    "one row is written for a value: let the others be `narrower` (R5: `source-is-broader-than-target`); "
    "a table of several places is written as CSV"
)
_SAY = (
    "say which way: equivalent, wider or narrower "
    "(R5: equivalent, source-is-narrower-than-target, source-is-broader-than-target)"
)


def concept_table(place: Path) -> dict[str, Any]:
    """The table that a ConceptMap is: `rows`, and `reads`, `lacks` and `lossy` where it has any.

    Raises:
        MappingFileError: every problem, with the file and where in it.
    """
    found = _Found(place)
    try:
        document = jsontext.decode(place.read_bytes())
    except OSError as error:
        found.wrong(f"cannot be read: {(error.strerror or 'no file').lower()}", "", "it is beside the mapping file")
    except ValueError as error:
        found.wrong("is no JSON", "", str(error))
    else:
        found.read(document)
    if not found.problems and not found.rows:
        found.wrong("no rows", "group", "an element a value, with its target")
    if found.problems:
        raise MappingFileError(found.problems)
    stamp(found.rows, place.name, str(place.parent))
    stamp(found.reads, place.name, str(place.parent))
    told = {"rows": found.rows, "reads": found.reads, "lacks": found.lacks, "lossy": "; ".join(found.lossy)}
    return {word: value for word, value in told.items() if value}


class _Found:
    """What is read of one file."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.problems: list[Problem] = []
        self.rows, self.reads, self.lacks = CommentedSeq(), CommentedMap(), CommentedMap()
        self.lossy: dict[str, None] = {}

    def wrong(self, what: str, path: str, hint: str) -> None:
        self.problems.append(Problem(what, path, source=self.place.name, hint=hint))

    def read(self, document: Any) -> None:
        if not isinstance(document, dict) or document.get("resourceType") != "ConceptMap":
            self.wrong("is no ConceptMap", "resourceType", 'a table in JSON is a FHIR resource `"ConceptMap"`')
            return
        written: set[str] = set()
        for number, each in enumerate(_objects(document, "group")):
            for at, element in enumerate(_objects(each, "element")):
                self._element(element, f"group[{number}].element[{at}]", written)

    def _element(self, element: dict[str, Any], at: str, written: set[str]) -> None:
        ours = element.get("code")
        if not isinstance(ours, str):
            self.wrong("no code", f"{at}.code", "an element's code is the model's value")
            return
        targets = list(_objects(element, "target"))
        if element.get("noMap") is True or not targets:
            targets = [{"equivalence": UNMATCHED}]
        for number, target in enumerate(targets):
            self._target(ours, target, f"{at}.target[{number}]", written)

    def _target(self, ours: str, target: dict[str, Any], at: str, written: set[str]) -> None:
        word = "relationship" if "relationship" in target else "equivalence"
        kind = self._kind(target.get(word), f"{at}.{word}")
        code, comment = target.get("code"), str(target.get("comment") or "").strip()
        if kind in (None, NOT):
            return
        if kind != UNMATCHED and not isinstance(code, str):
            self.wrong("no code", f"{at}.code", "a target's code is FHIR's")
        elif kind == NARROWER:
            if comment:
                self.reads.setdefault(comment, CommentedSeq()).append(CommentedSeq([ours, code]))
            else:
                self.wrong("no comment", f"{at}.comment", f"`{target[word]}` is only read: say why")
        elif ours in written:
            self.wrong(f"`{ours}` is written as another code already", at, _ONE)
        else:
            written.add(ours)
            self._write(ours, kind, code, comment)

    def _write(self, ours: str, kind: str | None, code: Any, comment: str) -> None:
        if kind == UNMATCHED and comment:
            self.lacks[ours] = comment
            return
        if kind == WIDER and comment:
            self.lossy[comment] = None
        cell = "-" if kind == UNMATCHED else f"~{code}" if kind == WIDER else code
        self.rows.append(CommentedSeq([ours, cell]))

    def _kind(self, word: Any, at: str) -> str | None:
        """What a relationship means; None, and a problem, where that is not clear."""
        known = _R5 if at.endswith("relationship") else _R4
        if word in _VAGUE:
            self.wrong(f"`{word}` says not what is read as what", at, _SAY)
        elif word not in known:
            hint = f"known: {', '.join(known)}"
            self.wrong(f"`{word}` is none{near(word, known)}" if isinstance(word, str) else "not said", at, hint)
        return known.get(word)


def _objects(node: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    found = node.get(name)
    yield from (each for each in (found if isinstance(found, list) else ()) if isinstance(each, dict))


def group(source: str, target: str, rows: Sequence[tuple[str, str | None, str, str]], version: str) -> dict[str, Any]:
    """A group of a ConceptMap.

    Args:
        source: the system of the model's values.
        target: the code system; empty where it is not known.
        rows: value, code (None where there is none), relationship as this module calls it, comment.
        version: the FHIR version.
    """
    elements: dict[str, dict[str, Any]] = {}
    for value, code, kind, comment in rows:
        element = elements.setdefault(value, {"code": value})
        if kind == UNMATCHED and version == "R5":
            element["noMap"] = True
            continue
        said = {"code": code, _word(version): _said(kind, version), "comment": comment}
        element.setdefault("target", []).append({name: each for name, each in said.items() if each})
    told = {"source": source, "target": target, "element": list(elements.values())}
    return {name: each for name, each in told.items() if each}


def _word(version: str) -> str:
    return "relationship" if version == "R5" else "equivalence"


def _said(kind: str, version: str) -> str:
    return next(word for word, meant in (_R5 if version == "R5" else _R4).items() if meant == kind)


def concept_map(name: str, groups: Sequence[Mapping[str, Any]], version: str, described: str) -> dict[str, Any]:
    """A whole ConceptMap of ours."""
    title = name.replace("-", " ").capitalize()
    return {
        "resourceType": "ConceptMap",
        "id": f"{name}-{version}",
        "url": f"https://fhircase.org/fhir/ConceptMap/{name}-{version}",
        "name": "".join(part.capitalize() for part in (*name.split("-"), version)),
        "title": f"{title}, {version}",
        "status": "active",
        "experimental": False,
        "publisher": "The fhircase developers",
        "copyright": "CC0-1.0",
        "description": described,
        "group": list(groups),
    }
