"""Which rule carries a bare value of theirs at an element of FHIR: by what the field takes and what the element is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from fhircase.mapping.models.described import Attribute
from fhircase.mapping.path import Path
from fhircase.mapping.scaffold import coded
from fhircase.mapping.scaffold.draft import Table

_WHOLE = frozenset({"integer", "positiveInt", "unsignedInt", "integer64"})
_TEXTS = frozenset({"string", "markdown"})
_NAMES = frozenset({"uri", "url", "canonical", "id", "oid", "uuid"})
_DATES = frozenset({"date", "dateTime", "instant"})
_PLAIN: Mapping[str, frozenset[str]] = {
    "flag": frozenset({"boolean"}),
    "whole": _WHOLE,
    "number": frozenset({"decimal"}),
    "date": frozenset({"date", "dateTime"}),
    "datetime": frozenset({"dateTime", "instant"}),
    "time": frozenset({"time"}),
}
"""Where a value stands as it is."""


@dataclass
class Fit:
    """A rule for one version of FHIR."""

    spec: dict[str, Any]
    path: str
    asks: list[str] = field(default_factory=list)
    table: Table | None = None
    unsure: bool = False
    """Whether it is a guess though the names are the same."""


@dataclass(frozen=True)
class Field:
    """A field of theirs."""

    name: str
    attribute: Attribute

    @property
    def kind(self) -> str:
        """What it holds: `coded`, a type of bare value, or empty where that is several or none of these."""
        attribute = self.attribute
        if attribute.open or attribute.objects:
            return ""
        if attribute.values:
            return "flag" if attribute.takes == {bool} else "coded"
        takes = set(attribute.takes)
        if takes & {Decimal, float} and takes <= {Decimal, float, int}:
            return "number"
        if takes == {date, datetime}:
            return "datetime"
        return _KINDS.get(next(iter(takes)), "") if len(takes) == 1 else ""


_KINDS: Mapping[type, str] = {
    bool: "flag",
    int: "whole",
    Decimal: "number",
    float: "number",
    str: "text",
    date: "date",
    datetime: "datetime",
    time: "time",
}


def fit(given: Field, path: Path, version: str, below: Callable[[str], Path | None] | None = None) -> Fit | None:
    """The rule that carries a field at a path; None where none can.

    Args:
        given: the field.
        path: the element, a bare value or a CodeableConcept.
        version: of FHIR.
        below: the path of what is inside the element.
    """
    if path.type == "CodeableConcept" and below is not None:
        return _concept(given, path, version, below)
    if not path.primitive:
        return None
    if path.type in _PLAIN.get(given.kind, ()):
        made: Fit | None = Fit({"field": path.text}, path.text)
    else:
        made = _BY_KIND[given.kind](given, path, version) if given.kind in _BY_KIND else None
    if made is not None:
        say_empty(given, made)
    return made


def _concept(given: Field, path: Path, version: str, below: Callable[[str], Path | None]) -> Fit | None:
    known = coded.codes_at(path, version)
    if known is None or given.kind not in ("coded", "text"):
        return None
    system, listed = min(known.items())
    code = below(f".coding[system={system}].code")
    table = _table(given, listed)
    if code is None or table is None:
        return None
    return _by_table(given, code, table)


def _table(given: Field, listed: frozenset[str]) -> Table | None:
    if given.kind == "coded":
        return coded.by_codes(coded.own_words(given.attribute), listed)
    return coded.as_they_are(sorted(listed))


def _by_table(given: Field, path: Path, table: Table) -> Fit:
    asks = [] if given.kind == "coded" else [_WORDS]
    made = Fit({"code": path.text, "table": ""}, path.text, asks, table)
    say_empty(given, made)
    return made


_WORDS = (
    "which words does your system have? FHIR's codes stand in the table, and any other word is refused "
    "(for what people type as they like, see the kind of rule `words`)"
)


def _coded(given: Field, path: Path, version: str) -> Fit | None:
    known = coded.codes_at(path, version)
    said = coded.own_words(given.attribute)
    if path.type == "boolean":
        return _answer_of(given, path, list(said))
    if known is not None:
        table = coded.by_codes(said, frozenset().union(*known.values()))
    else:
        table = coded.as_they_are(said) if path.type in _TEXTS | {"code"} else None
    return _by_table(given, path, table) if table else None


def _answer_of(given: Field, path: Path, said: Sequence[str]) -> Fit | None:
    if given.attribute.takes != {str}:
        return None
    for yes, no in (("y", "n"), ("yes", "no"), ("j", "n"), ("ja", "nein"), ("true", "false"), ("t", "f"), ("1", "0")):
        by_small = {value.casefold(): value for value in said}
        if by_small.keys() == {yes, no}:
            return Fit({"answer": path.text, "yes": by_small[yes], "no": by_small[no]}, path.text)
    return None


def _flag(given: Field, path: Path, version: str) -> Fit | None:
    return _flagged(given, path, version, "true", "false")


def _flagged(given: Field, path: Path, version: str, true: str, false: str) -> Fit | None:
    known = coded.codes_at(path, version)
    table = coded.by_flag(given.name, frozenset().union(*known.values()), true, false) if known else None
    if table is None:
        return None
    ask = "does the table say what the flag means, and what it means when it is not set?"
    return Fit({"code": path.text, "table": ""}, path.text, [ask], table)


def _whole(given: Field, path: Path, version: str) -> Fit | None:
    if path.type in _TEXTS:
        return Fit({"digits": path.text}, path.text)
    if path.type == "boolean":
        return Fit({"answer": path.text, "yes": 1, "no": 0}, path.text, ["is 1 yes and 0 no?"])
    return _flagged(given, path, version, "1", "0")


def _text(given: Field, path: Path, version: str) -> Fit | None:
    text = path.text
    if path.type in _DATES:
        return Fit({"field": text}, text, [] if given.attribute.format in ("date", "date-time") else [_FORM])
    if path.type == "boolean":
        ask = "which words say yes and no? `Y` and `N` are guessed"
        return Fit({"answer": text, "yes": "Y", "no": "N"}, text, [ask])
    if path.type in _WHOLE | {"decimal"}:
        ask = "is its decimal mark a point, and are thousands not grouped? Else say it with `mark` and `group`"
        return Fit({"number": text, "mark": "."}, text, [ask])
    if path.type == "code" and (known := coded.codes_at(path, version)):
        table = coded.as_they_are(sorted(frozenset().union(*known.values())))
        return _by_table(given, path, table) if table else None
    return Fit({"field": text}, text) if path.type in _TEXTS | _NAMES | {"code", "time"} else None


_FORM = "is this date written 2026-12-31? Else say `{date: ..., format: DD.MM.YYYY}`"


_BY_KIND: Mapping[str, Callable[[Field, Path, str], Fit | None]] = {
    "coded": _coded,
    "flag": _flag,
    "whole": _whole,
    "text": _text,
}


def say_empty(given: Field, made: Fit) -> None:
    """Say which value means nothing, where the field's default does."""
    default, takes = given.attribute.default, given.attribute.takes
    if given.attribute.nullable or isinstance(default, bool) or type(default) not in takes:
        return
    if default == "" or (isinstance(default, int) and default < 0):
        made.spec["empty"] = default


def merged(fits: Mapping[str, Fit]) -> dict[str, Any]:
    """The words of one rule for both shapes of FHIR."""
    old, new = fits["R4"], fits["R5"]
    if old.spec == new.spec:
        return old.spec
    kind, *_ = old.spec
    if next(iter(new.spec)) != kind:
        return {**old.spec, "R5": new.spec}
    if old.spec.keys() - new.spec.keys():
        return {"R4": old.spec, "R5": new.spec}
    other = {word: value for word, value in new.spec.items() if old.spec.get(word) != value}
    return {**old.spec, "R5": new.spec[kind] if other.keys() == {kind} else other}
