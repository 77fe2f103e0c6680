"""The mapping against `fhir.resources`: the same resources, built and dumped as its models, or parsed by them."""

from collections.abc import Iterator
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from benchmarks.pairs import Pair, measure
from fhircase.fhir import jsontext
from fhircase.mapping import from_fhir, to_fhir
from fhircase.records.sample import sample


def rows(clients: int, rounds: int) -> Iterator[tuple[str, str, Pair, int]]:
    """What was done, the peer, the measurement, and how many resources it was done to."""
    records = list(sample(clients, 1))
    written = [to_fhir(record) for record in records]
    texts = [jsontext.encode(resources) for resources in written]
    count = sum(len(resources) for resources in written)

    def write() -> None:
        for record in records:
            jsontext.encode(to_fhir(record))

    def build_and_dump() -> None:
        for resource in (resource for resources in written for resource in resources):
            model(resource).model_dump_json()

    def read() -> None:
        for text in texts:
            from_fhir(jsontext.decode(text))

    def parse() -> None:
        for text in texts:
            for resource in jsontext.decode(text):
                model(resource)

    def write_onto() -> None:
        for record, resources in zip(records, written, strict=True):
            jsontext.encode(to_fhir(record, onto=resources))

    peer = "fhir.resources"
    yield "record -> resources -> JSON", f"{peer}: build, dump", measure(write, build_and_dump, rounds), count
    yield "JSON -> resources -> record", f"{peer}: parse only", measure(read, parse, rounds), count
    yield "record onto what is there", f"{peer}: build, dump", measure(write_onto, build_and_dump, rounds), count


def model(resource: dict[str, Any]) -> Any:
    """The resource as an object of `fhir.resources`."""
    return get_fhir_model_class(resource["resourceType"]).model_validate(resource)
