"""`digits`: a whole number in the model and text in FHIR, such as the number of a person that a reference names."""

import re
from collections.abc import Mapping
from typing import Any

from fhircase.mapping.grammar import SpecError
from fhircase.mapping.kinds.converted import Converted, Unsayable
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule

_TEXT = frozenset({"string", "markdown"})
_WHOLE = re.compile(r"0|-?[1-9]\d*", re.ASCII)
_LONGEST = 1000
"""Digits that a number may have: Python refuses to read much longer ones."""


class Digits(Converted):
    """A whole number as its digits."""

    called = "whole number as text"
    gives = frozenset({int})

    def said(self, value: Any) -> str:
        """Its digits."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise Unsayable("no whole number")
        return str(value)

    def told(self, value: Any) -> int | None:
        """The number; none where the text is more than its digits, or has leading zeros that would be lost."""
        text = str(value)
        return int(text) if len(text) <= _LONGEST and _WHOLE.fullmatch(text) else None


def _digits(place: Place, spec: Mapping[str, Any]) -> Rule:
    path = place.path(spec["digits"])
    if path.type not in _TEXT:
        raise SpecError(f"`{path.text}` is a {path.type}, no text")
    return Digits(path)


KINDS = (Kind("digits", {"digits": "text", "empty": "any?"}, _digits),)
