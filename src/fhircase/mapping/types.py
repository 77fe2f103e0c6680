"""As what FHIR's types, and the named types of mapping files, stand in the models."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, create_model

from fhircase.model import (
    Address,
    Coding,
    Concept,
    ContactPoint,
    Identifier,
    Note,
    Period,
    PersonName,
    Quantity,
    Recurrence,
)
from fhircase.model.base import Text, Token, Uri, Value
from fhircase.model.time import Day, Moment
from fhircase.model.value import Exact

MODELS: Mapping[str, type[BaseModel]] = {
    "address": Address,
    "coding": Coding,
    "concept": Concept,
    "identifier": Identifier,
    "name": PersonName,
    "note": Note,
    "period": Period,
    "point": ContactPoint,
    "quantity": Quantity,
    "recurrence": Recurrence,
}
"""The model of a named type."""

BARE: Mapping[str, Any] = {
    "boolean": bool,
    "integer": int,
    "positiveInt": int,
    "unsignedInt": int,
    "decimal": Exact,
    "date": Day,
    "dateTime": Moment,
    "instant": Moment,
    "code": Token,
    "uri": Uri,
    "url": Uri,
    "canonical": Uri,
}
"""What a bare FHIR value is; any other is text."""


def bare(fhir: str) -> Any:
    """The type of a bare FHIR value."""
    return BARE.get(fhir, Text)


def made(name: str, fields: Mapping[str, Any]) -> type[BaseModel]:
    """The model of a named type; one of these fields, any of them left out, where the name has none."""
    optional: dict[str, Any] = {field: (type_ | None, None) for field, type_ in fields.items()}
    return MODELS.get(name) or create_model(name or "Custom", __base__=Value, **optional)
