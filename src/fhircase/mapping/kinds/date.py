"""`date`: a date that the model has as text in another format, or in parts: year, month and day in fields of their own.

A format is made of `YYYY`, `MM` and `DD`, each once; nothing guesses a century. In parts a date is as precise as its
parts, as FHIR's is: no day, or neither day nor month.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from fhircase.mapping.grammar import SpecError
from fhircase.mapping.kinds.converted import Converted, Unsayable
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule
from fhircase.mapping.path import Path

_TOKENS = {"YYYY": r"(?P<year>\d{4})", "MM": r"(?P<month>\d\d)", "DD": r"(?P<day>\d\d)"}
_TOKEN = re.compile("YYYY|MM|DD")
_PARTS = ("year", "month", "day")
_FHIR = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T.*)?)?)?", re.ASCII)
_TIME = "T"


class WrittenDate(Converted):
    """A date as text in a format."""

    called = "date in another format"
    gives = frozenset({str})

    def __init__(self, path: Path, form: str) -> None:
        super().__init__(path)
        self.form = form
        parts = re.split("(YYYY|MM|DD)", form)
        self._pattern = re.compile("".join(_TOKENS.get(part) or re.escape(part) for part in parts), re.ASCII)

    def said(self, value: Any) -> str:
        """The date in FHIR's format."""
        found = self._pattern.fullmatch(str(value))
        try:
            return date(*(int(found[part]) for part in _PARTS)).isoformat() if found else _no_date(self.form)
        except ValueError:
            return _no_date(self.form)

    def told(self, value: Any) -> str | None:
        """The day in the model's format; none where FHIR knows no day."""
        found = _FHIR.fullmatch(str(value))
        if not found or not found[3]:
            return None
        year, month, day = found.groups()
        return _TOKEN.sub(lambda token: {"YYYY": year, "MM": month, "DD": day}[token[0]], self.form)


class SplitDate(Converted):
    """A date in parts, each in a field of its own."""

    called = "date in parts"

    def __init__(self, path: Path, fields: tuple[str, ...], *, text: bool) -> None:
        super().__init__(path)
        self.fields = fields
        self.text = text
        self.gives = frozenset({str if text else int})
        """Whether the parts are text of four and two digits, not numbers."""

    def said(self, value: Any) -> str:
        """The date in FHIR's format, as precise as its parts."""
        parts = [value.get(field) for field in self.fields]
        given = [part for part in parts if part is not None]
        if given != parts[: len(given)] or not given:
            raise Unsayable("no date: a day needs its month, and a month its year")
        widths = (4, 2, 2)
        if self.text and any(
            not re.fullmatch(rf"\d{{{w}}}", str(p), re.ASCII) for p, w in zip(given, widths, strict=False)
        ):
            raise Unsayable("no date: its parts are written YYYY, MM and DD")
        if not self.text and any(isinstance(part, bool) or not isinstance(part, int) for part in given):
            raise Unsayable("no date: its parts are whole numbers")
        try:
            date(*([int(part) for part in given] + [1, 1])[:3])
        except ValueError:
            raise Unsayable("no date: there is no such day") from None
        return "-".join(str(part).zfill(width) for part, width in zip(given, widths, strict=False))

    def told(self, value: Any) -> dict[str, Any] | None:
        """The parts."""
        found = _FHIR.fullmatch(str(value))
        if not found:
            return None
        return {
            field: part if self.text else int(part)
            for field, part in zip(self.fields, found.groups(), strict=False)
            if part is not None
        }


def _no_date(form: str) -> str:
    raise Unsayable(f"no date: it is written {form}")


def _date(place: Place, spec: Mapping[str, Any]) -> Rule:
    path = place.path(spec["date"])
    if path.type not in ("date", "dateTime"):
        raise SpecError(f"`{path.text}` is a {path.type}, no date")
    if ("format" in spec) == ("parts" in spec):
        raise SpecError("a date says with `format` how it is written, or with `parts` in which fields it stands")
    if "parts" in spec:
        if "empty" in spec:
            raise SpecError("parts that are not there are None, so `empty` says nothing here")
        if len(spec["parts"]) > 3:
            raise SpecError("a date has at most three parts: year, month and day")
        return SplitDate(path, tuple(spec["parts"]), text=bool(spec.get("padded")))
    if sorted(_TOKEN.findall(spec["format"])) != sorted(_TOKENS):
        raise SpecError("a format has YYYY, MM and DD, each once: DD.MM.YYYY")
    return WrittenDate(path, spec["format"])


KINDS = (
    Kind("date", {"date": "text", "format": "text?", "parts": "texts?", "padded": "flag?", "empty": "any?"}, _date),
)
