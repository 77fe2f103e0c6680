"""A hospital and an agency, each with its own ledger, and the server between them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from fhircase.client import FHIRClient
from fhircase.config import Config
from fhircase.model import (
    Activity,
    CarePlan,
    Case,
    Client,
    Concept,
    Goal,
    Identifier,
    Key,
    Link,
    Need,
    Offer,
    Outcome,
    PersonName,
    Record,
    Referral,
    TeamMember,
)
from fhircase.records import as_line
from fhircase.wiring import Site, open_site

TYPES = ("Task", "EpisodeOfCare", "CarePlan", "ServiceRequest", "Procedure", "Condition")
"""Types of ours that SEKMET can search by identifier."""


def but(record: Any, **changes: Any) -> Any:
    """A record with other fields, checked."""
    values = {name: getattr(record, name) for name in type(record).model_fields}
    return type(record).model_validate(values | changes)


def lines(records: Iterable[Record]) -> list[tuple[bytes, Record]]:
    """Records as a push takes them."""
    return [(as_line(record), record) for record in records]


@dataclass
class World:
    """One test's share of a server: identifiers of its own."""

    url: str
    folder: Path
    namespace: str = field(default_factory=lambda: f"https://h-{uuid4().hex[:12]}.example")
    fhir: str = "R4"
    sites: list[Site] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = FHIRClient(self.url)

    def key(self, kind: str, value: str) -> Key:
        return Key.model_validate({"kind": kind, "namespace": self.namespace, "value": value})

    def token(self, what: str, value: str) -> dict[str, str]:
        return {"system": f"{self.namespace}/{what}", "value": value}

    def patient(self, number: int, **more: Any) -> str:
        """Register a client, as an EHR would have them."""
        made = self.client.create(
            {
                "resourceType": "Patient",
                "identifier": [self.token("mrn", f"M{number}")],
                "name": [{"family": "Doe", "given": ["Jo"]}],
                **more,
            }
        )
        return f"Patient/{made.id}"

    def organization(self, value: str = "AG") -> str:
        made = self.client.create(
            {"resourceType": "Organization", "identifier": [self.token("org", value)], "name": value}
        )
        return f"Organization/{made.id}"

    def person(self, number: int) -> Link:
        return Link(identifier=Identifier(**self.token("mrn", f"M{number}")))

    def case(self, number: int) -> Case:
        identifier = Identifier(**self.token("mrn", f"M{number}"))
        return Case(
            key=self.key("case", f"C-{number}"),
            status="active",
            client=Client(identifiers=(identifier,), names=(PersonName(family="Doe", given=("Jo",)),)),
            case_manager=Link(identifier=Identifier(**self.token("staff", "S1")), display="Sue"),
            team=(TeamMember(who=Link(display="somebody")),),
            needs=(Need(id="n1", what=Concept(text="food")),),
        )

    def plan(self, number: int) -> CarePlan:
        return CarePlan(
            key=self.key("care-plan", f"P-{number}"),
            client=self.person(number),
            status="active",
            title="plan",
            case=Link(record=self.key("case", f"C-{number}")),
            goals=(Goal(id="g1", description=Concept(text="eat"), lifecycle="active"),),
            needs=(Link(record=self.key("need", f"C-{number}:n1")),),
            activities=(
                Activity(
                    id="a1",
                    what=Concept(text="ask"),
                    goals=("g1",),
                    referral=Link(record=self.key("referral", f"R-{number}")),
                ),
            ),
        )

    def referral(self, number: int) -> Referral:
        agency = Link(identifier=Identifier(**self.token("org", "AG")))
        return Referral(
            key=self.key("referral", f"R-{number}"),
            client=self.person(number),
            status="sent",
            domain="food",
            case=Link(record=self.key("case", f"C-{number}")),
            plan=Link(record=self.key("care-plan", f"P-{number}")),
            activity="a1",
            needs=(Link(record=self.key("need", f"C-{number}:n1")),),
            offers=(Offer(id="o1", agency=agency, status="sent"),),
        )

    def caseload(self, number: int) -> list[Record]:
        return [record for each in range(number) for record in (self.case(each), self.plan(each), self.referral(each))]

    def site(self, name: str, url: str = "", **settings: Any) -> Site:
        server = {"url": url or self.url, "fhir": self.fhir, **settings}
        config = Config.model_validate({"ledger": str(self.folder / name), "servers": {"ehr": server}})
        site = open_site(config, "ehr")
        self.sites.append(site)
        return site

    def hospital(self, name: str = "hospital", **settings: Any) -> Site:
        return self.site(name, **{"patient_identifiers": [f"{self.namespace}/mrn"]} | settings)

    def agency(self, organization: str, **settings: Any) -> Site:
        return self.site("agency", organization=organization, **settings)

    def everything(self) -> Iterator[dict[str, Any]]:
        """All of this test's resources that can be found."""
        for kind in TYPES:
            yield from filter(self.owns, self.client.search(kind))

    def owns(self, resource: dict[str, Any]) -> bool:
        """Whether a resource has an identifier of this test's."""
        return any(str(each.get("system", "")).startswith(self.namespace) for each in resource.get("identifier", ()))

    def doubled(self) -> list[tuple[str, str, str]]:
        """Identifiers that more than one resource of a type has."""
        seen: dict[tuple[str, str, str], int] = {}
        for resource in self.everything():
            for i in resource["identifier"]:
                name = (resource["resourceType"], i["system"], i["value"])
                seen[name] = seen.get(name, 0) + 1
        return [name for name, count in seen.items() if count > 1]

    def one(self, kind: str, what: str, value: str) -> dict[str, Any]:
        """The one resource with this identifier."""
        found = [
            resource
            for resource in self.everything()
            if resource["resourceType"] == kind
            and any(
                i == self.token(what, value)
                or (i.get("system"), i.get("value")) == tuple(self.token(what, value).values())
                for i in resource["identifier"]
            )
        ]
        assert len(found) == 1, (kind, what, value, len(found))
        return found[0]

    def edit(self, resource: dict[str, Any], **changes: Any) -> None:
        """Change a resource as another system would."""
        self.client.update({**resource, **changes})

    def close(self) -> None:
        for site in self.sites:
            site.close()
        self.client.close()


def answered(referral: Referral, status: str) -> Referral:
    """The referral as an agency answers its last offer."""
    done = (Outcome(id="x1", status="completed", what=Concept(text="food box")),) if status == "completed" else ()
    offer = but(referral.offers[-1], status=status, outcomes=(*referral.offers[-1].outcomes, *done))
    return but(referral, offers=(*referral.offers[:-1], offer))
