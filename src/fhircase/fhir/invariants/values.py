"""The rules of the data types: amounts, spans of time, references."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from fhircase.fhir.jsontext import Json

Test = Callable[[Json, Json], bool]
"""Whether a rule holds of an object, inside a whole resource."""

UCUM = "http://unitsofmeasure.org"
_SOME_WHEN = frozenset({"C", "CM", "CD", "CV"})


def has(node: Json, *names: str) -> bool:
    """Whether one of these elements is there, with a value or a reason for having none."""
    return any(node.get(name) not in (None, [], {}) or node.get(f"_{name}") is not None for name in names)


def choice(node: Json, stem: str) -> list[str]:
    """The elements of a choice that are there: `valueString` of `value`."""
    return [name for name in node if name.startswith(stem) and name[len(stem) : len(stem) + 1].isupper()]


def coded(concept: Any, system: str, *codes: str) -> bool:
    """Whether one of the codings is one of these codes."""
    found = concept.get("coding") if isinstance(concept, dict) else None
    codings = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return any(each.get("system") == system and each.get("code") in codes for each in codings)


def ordered(early: Any, late: Any) -> bool:
    """Whether a moment is not after another, as far as both are precise enough to tell."""
    if not isinstance(early, str) or not isinstance(late, str):
        return True
    one, other = (_moment(text) if len(text) > len("2026-01-01") else None for text in (early, late))
    if one is not None and other is not None:
        return one <= other
    known = min(len(early[:10]), len(late[:10]))
    return early[:known] <= late[:known]


def _moment(text: str) -> datetime | None:
    # A fraction may have any number of digits; Python reads six of them.
    plain = re.sub(r"\.(\d{1,6})\d*", lambda part: f".{part[1]:0<6}", text)
    try:
        found = datetime.fromisoformat(plain)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value)) if value is not None and not isinstance(value, bool) else None
    except InvalidOperation:
        return None


def _not_negative(value: Any) -> bool:
    number = _number(value)
    return number is None or number >= 0


def _ends_ordered(node: Json) -> bool:
    low, high = (_number((node.get(name) or {}).get("value")) for name in ("low", "high"))
    return low is None or high is None or low <= high


def _ucum(node: Json) -> bool:
    """A code where there is a value, and UCUM where there is a system."""
    return (has(node, "code") or not has(node, "value")) and node.get("system") in (None, UCUM)


def _positive(node: Json) -> bool:
    number = _number(node.get("value"))
    return number is None or number > 0


def _counts(node: Json) -> bool:
    number = _number(node.get("value"))
    return node.get("code") in (None, "1") and (number is None or number == number.to_integral_value())


def strings(node: Any) -> Iterator[str]:
    """Every text in a resource."""
    if isinstance(node, str):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from strings(inner)


def _contained(node: Json, root: Json) -> bool:
    reference = node.get("reference")
    if not isinstance(reference, str) or not reference.startswith("#") or reference == "#":
        return True
    inside = root.get("contained")
    return any(isinstance(each, dict) and each.get("id") == reference[1:] for each in inside or ())


VALUES: dict[str, Test] = {
    "att-1": lambda node, _: not has(node, "data") or has(node, "contentType"),
    "cpt-2": lambda node, _: not has(node, "value") or has(node, "system"),
    "per-1": lambda node, _: ordered(node.get("start"), node.get("end")),
    "qty-3": lambda node, _: not has(node, "code") or has(node, "system"),
    "age-1": lambda node, _: _ucum(node) and _positive(node),
    "dis-1": lambda node, _: _ucum(node),
    "cnt-3": lambda node, _: _ucum(node) and _counts(node),
    "drt-1": lambda node, _: not has(node, "code") or (node.get("system") == UCUM and has(node, "value")),
    "rng-2": lambda node, _: _ends_ordered(node),
    "rat-1": lambda node, _: has(node, "numerator") == has(node, "denominator") and has(node, "numerator", "extension"),
    "ref-1": _contained,
    "ref-2": lambda node, _: has(node, "reference", "identifier", "display", "extension"),
    "tim-1": lambda node, _: not has(node, "duration") or has(node, "durationUnit"),
    "tim-2": lambda node, _: not has(node, "period") or has(node, "periodUnit"),
    "tim-4": lambda node, _: _not_negative(node.get("duration")),
    "tim-5": lambda node, _: _not_negative(node.get("period")),
    "tim-6": lambda node, _: not has(node, "periodMax") or has(node, "period"),
    "tim-7": lambda node, _: not has(node, "durationMax") or has(node, "duration"),
    "tim-8": lambda node, _: not has(node, "countMax") or has(node, "count"),
    "tim-9": lambda node, _: not has(node, "offset") or bool({*node.get("when", ())} - _SOME_WHEN),
    "tim-10": lambda node, _: not (has(node, "timeOfDay") and has(node, "when")),
}
"""The test of each rule, by its key."""
