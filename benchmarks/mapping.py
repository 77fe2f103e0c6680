"""The mapping against `fhir.resources`: the same resources, built and dumped as its models, or parsed by them."""

from collections.abc import Iterator
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from benchmarks.pairs import Pair, measure
from fhircase.fhir import jsontext
from fhircase.mapping import from_fhir, to_fhir
from fhircase.records.sample import sample

PEER = "fhir.resources"


class Caseload:
    """A sample caseload, as records, as resources and as text, and what is done with it."""

    def __init__(self, clients: int) -> None:
        self.records = list(sample(clients, 1))
        self.written = [to_fhir(record) for record in self.records]
        self.texts = [jsontext.encode(resources) for resources in self.written]
        self.count = sum(len(resources) for resources in self.written)

    def write(self) -> None:
        """Records to JSON."""
        for record in self.records:
            jsontext.encode(to_fhir(record))

    def write_onto(self) -> None:
        """Records to JSON, onto what is there already."""
        for record, resources in zip(self.records, self.written, strict=True):
            jsontext.encode(to_fhir(record, onto=resources))

    def read(self) -> None:
        """JSON to records."""
        for text in self.texts:
            from_fhir(jsontext.decode(text))

    def build_and_dump(self) -> None:
        """The peer's part of writing: its objects, and JSON of them."""
        for resource in (resource for resources in self.written for resource in resources):
            model(resource).model_dump_json()

    def parse(self) -> None:
        """The peer's part of reading: JSON, and its objects."""
        for resource in (resource for text in self.texts for resource in jsontext.decode(text)):
            model(resource)


def rows(clients: int, rounds: int) -> Iterator[tuple[str, str, Pair, int]]:
    """What was done, the peer, the measurement, and how many resources it was done to."""
    load = Caseload(clients)
    dumping = f"{PEER}: build, dump"
    yield "record -> resources -> JSON", dumping, measure(load.write, load.build_and_dump, rounds), load.count
    yield "JSON -> resources -> record", f"{PEER}: parse only", measure(load.read, load.parse, rounds), load.count
    yield "record onto what is there", dumping, measure(load.write_onto, load.build_and_dump, rounds), load.count


def model(resource: dict[str, Any]) -> Any:
    """The resource as an object of `fhir.resources`."""
    return get_fhir_model_class(resource["resourceType"]).model_validate(resource)
