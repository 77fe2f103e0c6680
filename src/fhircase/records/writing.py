"""Records to text: one compact JSON object a line, what is at its default left out, decimals digit by digit."""

from collections.abc import Iterable
from typing import Any, BinaryIO

from fhircase.fhir import jsontext
from fhircase.model import Record, record_type

SCHEMA = 1
"""The version of the record format that this version writes."""


def as_data(record: Record) -> dict[str, Any]:
    """A record as plain data, in a fixed order: `record`, `schema`, `key`, and the rest as the model has it."""
    data = record.model_dump(exclude_defaults=True)
    return {"record": record_type(record), "schema": SCHEMA, "key": data["key"], **data}


def as_line(record: Record) -> bytes:
    """A record as one line of NDJSON, its line end included."""
    return jsontext.encode(as_data(record)) + b"\n"


def write_records(records: Iterable[Record], stream: BinaryIO) -> int:
    """Write records as NDJSON and say how many there were."""
    count = 0
    for record in records:
        stream.write(as_line(record))
        count += 1
    return count
