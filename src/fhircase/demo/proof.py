"""The proof: read the whole server, and compare it with what everybody believes to have sent."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhircase.client import FHIRClient
from fhircase.mapping import Readings, from_bundle
from fhircase.mapping.compiled import all_compiled
from fhircase.model import Key, Record
from fhircase.records.sample import NAMESPACE

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and what is wrong with it, if anything."""

    what: str
    count: int
    wrong: tuple[str, ...] = ()
    """Ids and field names, never values."""


def everything(client: FHIRClient, fhir: str = "R4") -> list[Json]:
    """All resources on the server, of the types that records are made of."""
    types = dict.fromkeys(kind for mapping in all_compiled(fhir) for kind in mapping.types.values())
    return [resource for kind in types for resource in client.search(kind)]


def proof(resources: list[Json], expected: Mapping[Key, Record], fhir: str = "R4") -> list[Finding]:
    """Nothing missing, doubled or different, nothing there that nobody sent, and nothing that is nobody's."""
    readings = from_bundle(resources, fhir)
    found = {reading.record.key: reading.record for reading in readings.readings}
    return [
        Finding("records that were sent are there", len(expected), _missing(expected, found)),
        Finding("no identifier of ours is there twice", len(resources), tuple(_doubled(resources))),
        Finding("records read back equal ours", len(expected), tuple(_different(expected, found))),
        Finding("nothing is there that nobody sent", len(found), _strange(expected, readings)),
        Finding("every resource says whose it is", len(resources), tuple(_nobodys(resources))),
    ]


def _missing(expected: Mapping[Key, Record], found: Mapping[Key, Record]) -> tuple[str, ...]:
    return tuple(str(key) for key in expected if key not in found)


def _doubled(resources: Iterable[Json]) -> Iterator[str]:
    seen = Counter(
        (resource["resourceType"], identifier.get("system"), identifier.get("value"))
        for resource in resources
        for identifier in _identifiers(resource)
        if str(identifier.get("system")).startswith(NAMESPACE)
    )
    for (kind, system, value), count in seen.items():
        if count > 1:
            yield f"{count} {kind} {system}|{value}"


def _different(expected: Mapping[Key, Record], found: Mapping[Key, Record]) -> Iterator[str]:
    for key, record in expected.items():
        other = found.get(key)
        if other is not None and other != record:
            fields = [name for name in type(record).model_fields if getattr(other, name, None) != getattr(record, name)]
            yield f"{key}: {', '.join(fields)}"


def _nobodys(resources: Iterable[Json]) -> Iterator[str]:
    """Resources that name no client: reading a record back looks at the case, not at each of its parts."""
    for resource in resources:
        whose = [resource[name] for name in ("subject", "for", "patient", "beneficiary") if name in resource]
        if resource["resourceType"] != "Patient" and not any(
            "reference" in each or "identifier" in each for each in whose
        ):
            yield f"{resource['resourceType']}/{resource.get('id')}"


def _strange(expected: Mapping[Key, Record], readings: Readings) -> tuple[str, ...]:
    known = [str(reading.record.key) for reading in readings.readings if reading.record.key not in expected]
    unread = [f"{each.resource.get('resourceType')}: {each.problems[0]}" for each in readings.refused]
    lone = [
        f"{resource['resourceType']}/{resource.get('id')}"
        for resource in readings.unclaimed
        if resource["resourceType"] != "Patient"
    ]
    return (*known, *unread, *lone)


def _identifiers(resource: Json) -> list[Json]:
    """Its identifiers; a QuestionnaireResponse of R4 has just one."""
    found = resource.get("identifier", [])
    return found if isinstance(found, list) else [found]
