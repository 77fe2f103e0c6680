"""Extensions of their own: where a field goes that has no element of FHIR's and may not be left out."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fhircase.mapping.scaffold import coded
from fhircase.mapping.scaffold.draft import Draft
from fhircase.mapping.scaffold.fits import Field, Fit, say_empty
from fhircase.mapping.scaffold.words import kebab

_VALUE: Mapping[str, str] = {
    "flag": "valueBoolean",
    "whole": "valueInteger",
    "number": "valueDecimal",
    "text": "valueString",
    "date": "valueDate",
    "datetime": "valueDateTime",
    "time": "valueTime",
}
_CODE = re.compile(r"[^\s]+( [^\s]+)*")


def extension(given: Field, begin: str, draft: Draft, taken: Sequence[str] = ()) -> Fit | None:
    """A rule that keeps a bare value, or a list of them, in an extension; None where it is of several types.

    Args:
        given: the field.
        begin: how paths begin there: a role, or nothing for the element at hand.
        draft: where the extension is declared.
        taken: places that other fields have.
    """
    value, table = _valued(given)
    if not value:
        return None
    alias, number = kebab(given.name), 1
    while any(each.startswith(f"{begin}.extension[{alias}]") for each in taken):
        number += 1
        alias = f"{kebab(given.name)}-{number}"
    place = f"{begin}.extension[{draft.extension(alias)}]"
    many = given.attribute.many
    leaf = f".{value}" if many else f"{place}.{value}"
    spec: dict[str, Any] = {"code": leaf, "table": ""} if table else {"field": leaf}
    if many:
        return Fit({"list": place, "items": spec}, place, table=table)
    made = Fit(spec, place, table=table)
    say_empty(given, made)
    return made


def _valued(given: Field) -> tuple[str, Any]:
    if given.kind != "coded":
        return _VALUE.get(given.kind, ""), None
    said = list(coded.own_words(given.attribute))
    table = coded.as_they_are(said)
    return ("valueCode" if all(map(_CODE.fullmatch, said)) else "valueString") if table else "", table
