"""One of each kind of record, small enough to see what a test changes, and ways to look into resources."""

from decimal import Decimal
from typing import Any

import pytest

from fhircase.errors import ResourceRefused
from fhircase.fhir import jsontext
from fhircase.mapping import to_fhir
from fhircase.model import (
    Activity,
    CarePlan,
    Case,
    Client,
    Coding,
    Concept,
    Goal,
    Key,
    Link,
    Need,
    Note,
    Offer,
    Outcome,
    Period,
    Quantity,
    Record,
    Referral,
    TeamMember,
)

SPACE = "https://hospital.example"
BOTH = pytest.mark.parametrize("fhir", ["R4", "R5"])


def key(kind: Any, value: str) -> Key:
    return Key(kind=kind, namespace=SPACE, value=value)


CLIENT = Link(reference="Patient/9", display="A. Client")

CASE = Case(
    key=key("case", "C-1"),
    client=Client(link=CLIENT),
    status="active",
    opened="2026-01-02",
    priority="urgent",
    case_manager=Link(reference="Practitioner/1", display="M. Anager"),
    team=(TeamMember(who=Link(reference="Practitioner/2")),),
    needs=(Need(id="n1", kind="social", what=Concept(text="Food"), status="active"),),
    notes=(Note(text="first"),),
)
PLAN = CarePlan(
    key=key("care-plan", "P-1"),
    client=CLIENT,
    case=Link(record=key("case", "C-1")),
    status="active",
    title="Going home",
    goals=(
        Goal(id="g1", description=Concept(text="Eat"), lifecycle="active"),
        Goal(id="g2", description=Concept(text="Sleep"), lifecycle="planned"),
    ),
    activities=(
        Activity(id="a1", what=Concept(text="Cook"), status="in-progress", goals=("g1",)),
        Activity(
            id="a2", description="Walk", status="scheduled", quantity=Quantity(value=Decimal("72.50"), unit="min")
        ),
    ),
)
REFERRAL = Referral(
    key=key("referral", "R-1"),
    client=CLIENT,
    status="sent",
    domain="food",
    service=Concept(codings=(Coding(system="http://snomed.info/sct", code="1", display="Meals"),)),
    offers=(
        Offer(id="o1", agency=Link(display="Kitchen"), status="declined", sent="2026-01-01"),
        Offer(
            id="o2",
            agency=Link(display="Pantry"),
            status="completed",
            sent="2026-01-02",
            outcomes=(Outcome(id="x1", status="completed", when=Period(start="2026-01-03")),),
        ),
    ),
)


def but(record: Any, **changes: Any) -> Any:
    """A record with other fields, checked."""
    values = {name: getattr(record, name) for name in type(record).model_fields}
    return type(record).model_validate(values | changes)


def written(record: Record, fhir: str = "R4") -> list[dict[str, Any]]:
    """The resources of a record as a server may hold them: read from its text."""
    return jsontext.decode(jsontext.encode(to_fhir(record, fhir)))


def only(resources: Any, kind: str) -> dict[str, Any]:
    (found,) = every(resources, kind)
    return found


def every(resources: Any, kind: str) -> list[dict[str, Any]]:
    return [resource for resource in resources if resource["resourceType"] == kind]


def differing(old: dict[str, Any], new: dict[str, Any]) -> set[str]:
    """Names of the elements that differ."""
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


def refused(read: Any) -> list[str]:
    """Every problem for which something is refused, as it is told."""
    with pytest.raises(ResourceRefused) as refusal:
        read()
    return [str(problem) for problem in refusal.value.problems]
