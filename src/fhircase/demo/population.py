"""Who is on the server before anybody exchanges anything: an EHR's patients, and the organizations."""

from collections.abc import Iterable, Iterator
from typing import Any

from fhircase.client import FHIRClient
from fhircase.fhir import bundle
from fhircase.mapping import write
from fhircase.model import Case, Record
from fhircase.records.sample import ORGANIZATIONS, agencies

Json = dict[str, Any]
AT_ONCE = 100


def organizations() -> Iterator[Json]:
    """The hospital and the agencies, as Organization resources."""
    for number, name in agencies().items():
        yield {
            "resourceType": "Organization",
            "identifier": [{"system": ORGANIZATIONS, "value": number}],
            "active": True,
            "name": name,
        }


def people(records: Iterable[Record], fhir: str = "R4") -> Iterator[Json]:
    """The clients of a caseload, as the Patient resources that an EHR has of them."""
    for record in records:
        if isinstance(record, Case):
            for placed in write(record, fhir):
                if placed.role == "patient":
                    yield {name: value for name, value in placed.resource.items() if name != "id"}


def settle(client: FHIRClient, records: Iterable[Record]) -> int:
    """Put the organizations and the people of a caseload on a server, and say how many there are."""
    entries = [bundle.create(resource) for resource in (*organizations(), *people(records))]
    for start in range(0, len(entries), AT_ONCE):
        client.transaction(entries[start : start + AT_ONCE])
    return len(entries)
