"""Laws prove nothing about what is never drawn."""

import typing
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import BaseModel
from tests.strategies import CLOCKS, DECIMALS, NASTY, pool, records

from fhircase.model import RECORDS, Custom

steadily = settings(
    max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def drawn() -> dict[str, list[Any]]:
    """Enough records of each kind to meet what is rare."""
    return {kind: draws(kind) for kind in RECORDS}


def draws(kind: str) -> list[Any]:
    found: list[Any] = []

    @steadily
    @given(records(kind))
    def draw(record: Any) -> None:
        found.append(record)

    draw()
    return found


def said(node: Any) -> Iterator[tuple[str, Any]]:
    """Every field that is not at its default, by model and name, with its value."""
    if isinstance(node, BaseModel):
        for name, field in type(node).model_fields.items():
            value = getattr(node, name)
            if field.is_required() or value != field.default:
                yield f"{type(node).__name__}.{name}", value
            yield from said(value)
    elif isinstance(node, tuple):
        for item in node:
            yield from said(item)


def fields(annotation: Any, known: set[type] | None = None) -> Iterator[tuple[str, Any]]:
    """Every field of a model and of the models within, by model and name, with its annotation."""
    known = set() if known is None else known
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in known:
        known.add(annotation)
        for name, field in annotation.model_fields.items():
            if field.annotation is Custom:
                continue
            yield f"{annotation.__name__}.{name}", field.annotation
            yield from fields(field.annotation, known)
    for inner in typing.get_args(annotation):
        yield from fields(inner, known)


# An item has an id; a record of its own has a key and a client instead.
WITHOUT = {
    # A link alone is what nothing else is known of: see tests/mapping/test_insurance.py.
    "case": {"Coverage.link", "Authorisation.link", "Need.key", "Need.client", "Consent.key", "Consent.client"},
    "care-plan": {"Goal.key", "Goal.client", "Consent.key", "Consent.client"},
    "referral": {"Outcome.key", "Outcome.client"},
    "need": {"Need.id"},
    "goal": {"Goal.id"},
    "outcome": {"Outcome.id"},
    "consent": {"Consent.id"},
}


@pytest.mark.parametrize("kind", RECORDS)
def test_every_field_of_every_model_is_drawn(kind: str, drawn: dict[str, list[Any]]) -> None:
    reached = {name for record in drawn[kind] for name, _ in said(record)}
    assert {name for name, _ in fields(RECORDS[kind])} - reached - WITHOUT.get(kind, set()) == set()


@pytest.mark.parametrize("kind", RECORDS)
def test_every_word_of_every_enum_can_be_drawn(kind: str) -> None:
    for name, annotation in fields(RECORDS[kind]):
        if typing.get_origin(annotation) is typing.Literal:
            assert set(pool(annotation)) == set(typing.get_args(annotation)), name


def test_what_is_drawn_is_nasty(drawn: dict[str, list[Any]]) -> None:
    values = [value for kind in drawn for record in drawn[kind] for _, value in said(record)]
    texts = {value for value in values if isinstance(value, str)}
    assert set(NASTY) <= texts
    assert {str(value) for value in values if isinstance(value, Decimal)} == set(DECIMALS)
    assert all(any(clock in text for text in texts) for clock in CLOCKS)


def test_items_of_two_draws_share_ids_so_that_one_is_written_onto_the_other(drawn: dict[str, list[Any]]) -> None:
    plans = drawn["care-plan"]
    shared = [1 for one, other in pairwise(plans) if {g.id for g in one.goals} & {g.id for g in other.goals}]
    assert len(shared) > len(plans) / 10
