"""`number`: a number that the model has as text, with its own decimal mark and grouping: `1.234,50`."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fhircase.mapping.grammar import SpecError
from fhircase.mapping.kinds.converted import Converted, Unsayable
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule
from fhircase.mapping.path import Path

_WHOLE = frozenset({"integer", "positiveInt", "unsignedInt"})
_DIGITS = r"-?(?:0|[1-9]\d*)"


class WrittenNumber(Converted):
    """A number as text; every digit of it counts."""

    called = "number as text"
    gives = frozenset({str})

    def __init__(self, path: Path, mark: str, group: str = "") -> None:
        super().__init__(path)
        self.mark = mark
        self.group = group
        whole = rf"-?(?:0|[1-9]\d{{0,2}}(?:{re.escape(group)}\d{{3}})*)" if group else _DIGITS
        fraction = "" if path.type in _WHOLE else rf"(?:{re.escape(mark)}\d+)?"
        self._pattern = re.compile(whole + fraction, re.ASCII)

    def said(self, value: Any) -> int | Decimal:
        """The number."""
        text = str(value)
        if not self._pattern.fullmatch(text):
            grouped = f", grouped by `{self.group}`" if self.group else ""
            raise Unsayable(f"no number as it is written here: digits with `{self.mark}` before decimals{grouped}")
        digits = text.replace(self.group, "") if self.group else text
        number = Decimal(digits.replace(self.mark, "."))
        return int(number) if self.path.type in _WHOLE else number

    def told(self, value: Any) -> str | None:
        """The number in the model's form."""
        number = value if isinstance(value, Decimal) else Decimal(str(value))
        text = f"{number:f}"
        if self.group:
            whole, point, fraction = text.partition(".")
            text = f"{int(whole):,}".replace(",", self.group) + (self.mark if point else "") + fraction
            text = f"-{text}" if whole.startswith("-0") else text
        else:
            text = text.replace(".", self.mark)
        return text if self._pattern.fullmatch(text) else None

    def exact(self, told: Any, value: Any) -> bool:
        """Whether the digits are those that would be written."""
        return str(self.said(told)) == str(value)


def _number(place: Place, spec: Mapping[str, Any]) -> Rule:
    path = place.path(spec["number"])
    if path.type not in (*_WHOLE, "decimal"):
        raise SpecError(f"`{path.text}` is a {path.type}, no number")
    mark, group = spec["mark"], spec.get("group", "")
    if mark not in (".", ",") or group == mark or re.search(r"\d|-", group):
        raise SpecError("`mark` is `.` or `,`, and `group` another character")
    return WrittenNumber(path, mark, group)


KINDS = (Kind("number", {"number": "text", "mark": "text", "group": "text?", "empty": "any?"}, _number),)
