"""Search criteria as a query string, the same for a search, a conditional write and a bundle entry."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias
from urllib.parse import quote, urlencode

Value: TypeAlias = str | int | bool
Criteria: TypeAlias = str | Mapping[str, Value | Iterable[Value]] | Iterable[tuple[str, Value]]
"""A mapping (a list of values means all of them must hold), pairs, or a query string as it is."""


def query(criteria: Criteria) -> str:
    """Write criteria as a query string, percent-encoded so that it also fits in a header.

    Source: https://hl7.org/fhir/R4/search.html
    """
    if isinstance(criteria, str):
        return quote(criteria, safe="!#$%&'()*+,/:;=?@[]~|")
    if isinstance(criteria, Mapping):
        pairs = [(name, value) for name, values in criteria.items() for value in _several(values)]
    else:
        pairs = list(criteria)
    return urlencode([(name, _text(value)) for name, value in pairs], quote_via=quote, safe=":,/")


def _several(value: Value | Iterable[Value]) -> Iterable[Value]:
    return (value,) if isinstance(value, str | int) else value


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
