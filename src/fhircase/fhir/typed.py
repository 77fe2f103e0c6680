"""Typed objects for those who want them: `fhir.resources` models, made from raw JSON and checked on the way.

They sit at the edge only: they rewrite decimals and timestamps, so the raw JSON stays the record of truth.
"""

from importlib import import_module
from typing import Any

from pydantic import ValidationError

from fhircase.errors import InvalidInput, Problem
from fhircase.fhir.jsontext import Json

_PACKAGES = {"R4": "fhir.resources.R4B", "R4B": "fhir.resources.R4B", "R5": "fhir.resources"}


def typed(resource: Json, fhir: str = "R4") -> Any:
    """The resource as an object of `fhir.resources`.

    Args:
        resource: a resource as raw JSON.
        fhir: R4, R4B or R5; `fhir.resources` has one set of models for R4 and R4B.

    Raises:
        InvalidInput: it is not valid in that version; every problem, without values.
    """
    kind = resource.get("resourceType")
    if fhir not in _PACKAGES:
        raise InvalidInput(Problem(f"fhircase speaks {', '.join(_PACKAGES)}, not `{fhir}`"))
    model = _model(str(kind), fhir)
    if model is None:
        raise InvalidInput(Problem(f"{fhir} has no resource of this type", "resourceType"))
    try:
        return model.model_validate(resource)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        problems = [
            Problem(_words(each["msg"]), _path(str(kind), each["loc"]), f"fhir.resources, {fhir}") for each in found
        ]
        raise InvalidInput(problems) from None


def _model(kind: str, fhir: str) -> Any:
    package = _PACKAGES[fhir]
    if not kind.isalpha():
        return None
    try:
        return getattr(import_module(f"{package}.{kind.lower()}"), kind, None)
    except ModuleNotFoundError:
        return None


def _words(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should be", "should be")


def _path(kind: str, steps: tuple[int | str, ...]) -> str:
    path = kind
    for step in steps:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return path
