"""The words and codes of the caseload, from `caseload.yaml`."""

import re
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from fhircase.model import Coding, Concept, Identifier, Key, Link
from fhircase.model.value import RecordKind

NAMESPACE = "https://hospital.example"
MRN = f"{NAMESPACE}/mrn"
STAFF = f"{NAMESPACE}/staff"
PLACES = f"{NAMESPACE}/places"
ORGANIZATIONS = f"{NAMESPACE}/organizations"

_CODE = re.compile(r"([a-z0-9]+)#(\S+) (.+)")


@cache
def words() -> dict[str, Any]:
    """Everything in the file."""
    text = files(__package__).joinpath("caseload.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return found


def concept(*tokens: str) -> Concept:
    """A concept of codes (`system#code Display`) and plain words."""
    codings, text = [], None
    for token in tokens:
        if found := _CODE.fullmatch(token):
            system, code, display = found.groups()
            codings.append(Coding(system=words()["systems"][system], code=code, display=display))
        else:
            text = token
    return Concept(codings=tuple(codings), text=text)


def coding(token: str) -> Coding:
    """The one code of a token."""
    return concept(token).codings[0]


def ours(kind: RecordKind, value: str) -> Link:
    """A link to a record of the caseload, or to an item of one (`record:item`)."""
    return Link(record=Key(kind=kind, namespace=NAMESPACE, value=value))


def known_as(system: str, value: str, display: str | None = None) -> Link:
    """A link to somebody by a number."""
    return Link(identifier=Identifier(system=system, value=value), display=display)


def staff(number: int) -> Link:
    """A link to a member of the hospital's staff."""
    names = words()["people"]["staff"]
    return known_as(STAFF, f"S-{number % len(names) + 1:02}", names[number % len(names)])


def agency(id: str) -> Link:
    """A link to an organization of the demo, by its number there."""
    return known_as(ORGANIZATIONS, id)


def hospital() -> Link:
    """A link to the hospital that the caseload belongs to."""
    return agency(str(words()["organizations"][0]["id"]))
