"""Hypothesis strategies that reach every field of every model, made from the models themselves."""

import types
import typing
from decimal import Decimal
from functools import cache
from typing import Any, Literal

from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from fhircase.model import RECORDS, Concept, Identifier, Key, Link, Record
from fhircase.model.base import ItemId, Text, Token, Uri
from fhircase.model.time import Day, Moment
from fhircase.model.value import Exact

_LETTERS = st.characters(whitelist_categories=("Lu", "Ll", "Nd"), max_codepoint=0x24F)

texts = st.text(_LETTERS | st.sampled_from(" <&\"'\n-#:/|~"), min_size=1, max_size=12).filter(
    lambda t: t.strip() == t and t
)
tokens = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9\-.]{0,8}", fullmatch=True)
uris = st.sampled_from(
    ["http://loinc.org", "http://snomed.info/sct", "urn:oid:2.16.840.1.113883.6.1", "https://a.example/x"]
)
ids = st.from_regex(r"[A-Za-z0-9\-.]{1,10}", fullmatch=True).filter(lambda i: i != "-")
days = st.one_of(
    st.integers(1900, 2100).map(str),
    st.dates().filter(lambda d: d.year > 999).map(lambda d: d.isoformat()[:7]),
    st.dates().filter(lambda d: d.year > 999).map(lambda d: d.isoformat()),
)
moments = days | st.builds(
    lambda d, t, zone: f"{d.isoformat()}T{t}{zone}",
    st.dates().filter(lambda d: d.year > 999),
    st.sampled_from(["00:00:00", "23:59:59.671", "08:30:00.000", "12:00:00.1"]),
    st.sampled_from(["Z", "+01:00", "-05:30"]),
)
decimals = st.sampled_from(["1", "0.5", "72.50", "1E+2", "100", "3.14159"]).map(Decimal)
spaces = st.sampled_from(["https://hospital.example", "https://agency.example/care", "urn:oid:1.2.3"])

_LEAVES = {Text: texts, Token: tokens, Uri: uris, ItemId: ids, Day: days, Moment: moments, Exact: decimals}


def keys(kind: str) -> st.SearchStrategy[Key]:
    return st.builds(Key, kind=st.just(kind), namespace=spaces, value=texts)


identifiers = st.builds(
    Identifier, system=st.none() | uris, value=texts, type=st.deferred(lambda: st.none() | of(Concept))
)
links = st.one_of(
    st.builds(
        Link,
        record=st.sampled_from(["case", "care-plan", "referral", "goal", "need"]).flatmap(keys),
        display=st.none() | texts,
    ),
    st.builds(Link, identifier=st.builds(Identifier, system=uris, value=texts), display=st.none() | texts),
    st.builds(
        Link,
        reference=st.sampled_from(["Organization/1", "https://x.example/fhir/Practitioner/7"]),
        display=st.none() | texts,
    ),
    st.builds(Link, display=texts),
)


@cache
def of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type as it stands in a model."""
    if kind in _LEAVES:
        return _LEAVES[kind]
    if kind is Link:
        return links
    if kind is Identifier:
        return identifiers
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return objects(kind)
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return st.sampled_from(args)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*[of(a) for a in args])
    if origin is tuple:
        return st.lists(of(args[0]), max_size=2).map(tuple)
    if origin is typing.Annotated:
        return of(args[0])
    return {type(None): st.none(), bool: st.booleans(), int: st.integers(1, 99), str: texts}[kind]


def objects(model: type[BaseModel], **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Valid instances of a model; fields are now and then left at their defaults."""
    hints = typing.get_type_hints(model, include_extras=True)
    parts = {}
    for name, field in model.model_fields.items():
        strategy = fixed[name] if name in fixed else of(hints[name])
        parts[name] = strategy if field.is_required() or name in fixed else st.just(field.default) | strategy

    def build(values: dict[str, Any]) -> Any:
        try:
            return model(**values)
        except ValidationError:
            return None

    return st.fixed_dictionaries(parts).map(build).filter(lambda made: made is not None)


def records(kind: str) -> st.SearchStrategy[Record]:
    """Valid records of a kind."""
    alone = {"id": st.just("-")} if kind in ("need", "goal") else {}
    return objects(RECORDS[kind], key=keys(kind), **alone)
