"""What became of each scalar of a resource: carried, normalised, constant or left over."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fhircase.fhir.jsontext import Json
from fhircase.mapping.context import Claim, Fate

_ADDRESS = Claim("constant", "address")
_LEFT = Claim("leftover", "")


@dataclass(frozen=True, slots=True)
class Entry:
    """One scalar, where it stood, what became of it and by which rule."""

    resource: int
    """Which of the resources read."""
    pointer: str
    """JSON Pointer (RFC 6901) within the resource."""
    value: Any
    fate: Fate
    rule: str
    """Where the rule stands, and the field it carries: `case.yaml:41 status`."""
    row: str = ""
    """The row of the code table, where one was looked up."""


def entries(resources: Sequence[Json], claims: dict[tuple[int, Any], Claim]) -> Iterator[Entry]:
    """Every scalar of the resources, in order."""
    for number, resource in enumerate(resources):
        generated = (
            resource.get("text", {}).get("status") == "generated" if isinstance(resource.get("text"), dict) else False
        )
        for container, key, pointer, value in _scalars(resource, ""):
            claim = claims.get((id(container), key))
            if claim is None and (container is resource and key in ("resourceType", "id")):
                claim = _ADDRESS
            if claim is None and generated and pointer in ("/text/status", "/text/div"):
                claim = Claim("constant", "narrative")
            claim = claim or _LEFT
            yield Entry(number, pointer, value, claim.fate, claim.rule, claim.row)


def _scalars(node: Any, pointer: str) -> Iterator[tuple[Any, Any, str, Any]]:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        name = key.replace("~", "~0").replace("/", "~1") if isinstance(key, str) else str(key)
        here = f"{pointer}/{name}"
        if isinstance(value, dict | list):
            yield from _scalars(value, here)
        elif value is not None:
            yield node, key, here, value
