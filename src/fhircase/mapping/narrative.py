"""The text of a resource for people, kept in step with its data: stale text beside changed data is a hazard.

Source: https://hl7.org/fhir/R4/narrative.html
"""

from html import escape
from typing import Any

from fhircase.fhir.jsontext import Json

_TOLD = ("title", "description", "code", "status", "lifecycleStatus", "achievementStatus", "priority")


def narrate(resource: Json) -> None:
    """Write the generated narrative of a resource."""
    rows = [
        f"<p><b>{name}</b>: {escape(told)}</p>"
        for name in _TOLD
        if (value := resource.get(name)) is not None and (told := _words(value))
    ]
    cells = "".join(rows)
    body = cells or f"<p>{resource['resourceType']}</p>"
    text = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{body}</div>'}
    resource["text"] = text


def is_generated(resource: Json) -> bool:
    """Whether the narrative was generated from the data, so that it may be generated anew."""
    text = resource.get("text")
    return isinstance(text, dict) and text.get("status") == "generated"


def _words(value: Any) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return ""
    if isinstance(value.get("concept"), dict):
        return _words(value["concept"])
    if isinstance(value.get("text"), str):
        return str(value["text"])
    for coding in value.get("coding", ()):
        for name in ("display", "code"):
            if isinstance(coding, dict) and coding.get(name):
                return str(coding[name])
    return ""
