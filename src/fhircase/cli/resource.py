"""How a resource and what is wrong or left over in it are told."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fhircase.mapping import Reading


def placed(problem: Any, resource: Any, where: str) -> Any:
    """A problem with file and line, and with the resource where its path does not say it."""
    named = name_of(resource)
    source = f"{where}: {named}" if where and named else where or named
    return replace(problem, source=problem.source or source)


def name_of(resource: Any) -> str:
    """`Task/12`, or just `Task` where there is no id."""
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        return ""
    return (
        f"{resource['resourceType']}/{resource['id']}"
        if isinstance(resource.get("id"), str)
        else resource["resourceType"]
    )


def leftovers_of(reading: "Reading") -> Iterator[dict[str, Any]]:
    """What no rule owns in what was read."""
    for entry in reading.leftovers:
        yield {
            "resource": name_of(reading.resources[entry.resource]),
            "pointer": entry.pointer,
            "value": entry.value,
        }


def left_over(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource that is part of no record, as a leftover."""
    return {"resource": name_of(resource), "pointer": "", "value": resource}
